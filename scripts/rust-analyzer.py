"""Asks a rust-analyzer for the expansion of each derive of a package's src/main.rs, over its own protocol.

Arguments: rust-analyzer, pm-aot, the package. See scripts/rust-analyzer.sh.
"""

import json
import pathlib
import re
import subprocess
import sys

analyzer, pm_aot, package = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
check = [pm_aot, "cargo", "check", "--quiet", "--workspace", "--message-format=json", "--all-targets"]
settings = {
    "cargo": {"buildScripts": {"overrideCommand": check}},
    "checkOnSave": False,
    "cachePriming": {"enable": False},
}
server = subprocess.Popen([analyzer], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
last = 0


def send(method, params, **more):
    body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    server.stdin.flush()


def receive():
    length = 0
    while line := server.stdout.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not length:
        sys.exit("rust-analyzer is gone")
    return json.loads(server.stdout.read(length))


def ask(method, params):
    global last
    last += 1
    send(method, params, id=last)
    while (message := receive()).get("id") != last or "method" in message:
        pass
    return message.get("result")


capabilities = {"experimental": {"serverStatusNotification": True}}
ask("initialize", {
    "processId": None,
    "rootUri": package.as_uri(),
    "capabilities": capabilities,
    "initializationOptions": settings,
})
send("initialized", {})
source = package / "src/main.rs"
text = source.read_text()
document = {"uri": source.as_uri(), "languageId": "rust", "version": 1, "text": text}
send("textDocument/didOpen", {"textDocument": document})
while True:
    message = receive()
    if message.get("method") == "experimental/serverStatus" and message["params"]["quiescent"]:
        break

failed = False
for number, line in enumerate(text.splitlines()):
    derives = re.match(r"#\[derive\((.*)\)\]", line)
    for name in re.finditer(r"[\w:]+", line[9:]) if derives else []:
        if name.group() in {"Clone", "Copy", "Debug"}:
            continue
        position = {"line": number, "character": 9 + name.end()}
        found = ask("rust-analyzer/expandMacro", {"textDocument": document, "position": position})
        lines = len(found["expansion"].splitlines()) if found else 0
        print(f"{lines:5} lines  #[derive({name.group()})]")
        failed |= lines < 3

# What the processes that it started have mapped.
mapped = set()
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        parent = re.search(r"PPid:\s*(\d+)", (process / "status").read_text()).group(1)
        if int(parent) == server.pid:
            mapped |= set(re.findall(r"/\S+(?:\.cwasm|libpm_loader\.so)", (process / "maps").read_text()))
    except OSError:
        continue
for path in sorted(mapped):
    print(f"       mapped  {path}")
failed |= not any(path.endswith(".cwasm") for path in mapped)
ask("shutdown", None)
send("exit", None)
sys.exit(server.wait() or failed)

//! probe
use pm_loader::*;
use std::time::Instant;
struct Nope;
impl Dispatch for Nope { fn dispatch(&mut self, r:&[u8], reply:&mut Vec<u8>){ eprintln!("req {:?}", &r[..r.len().min(20)]); reply.extend([1,1]); } }
fn main(){
    let p=std::env::args().nth(1).unwrap(); let p=std::path::Path::new(&p);
    let wasm=fs_err::read(p).unwrap();
    let t=Instant::now();
    let (b,m)=compile::precompile(&wasm).unwrap();
    println!("precompile {:?} wasm {} snapshot {} artifact {}", t.elapsed(), wasm.len(), m.module.len, b.len());
    for d in &m.module.declarations { println!("{d}") }
    let (b2,_)=compile::precompile(&wasm).unwrap();
    println!("deterministic {}", b==b2);
    compile::precompile_file(p).unwrap();
    for i in 0..6 {
        let t=Instant::now();
        let l: Loader<Nope>=Loader::new(Options::default()).unwrap();
        let e=t.elapsed();
        let t2=Instant::now();
        let m=l.load(p).unwrap();
        println!("{i} engine+linker {e:?} load {:?} {:?}", t2.elapsed(), m.origin());
        for _ in 0..3 {
        let t=Instant::now();
        let o=m.expand(0,&[1,0,0,0,1,0,0,0,1,0,0,0,1,0,0,0],Nope,WasiCtx::new(Default::default()));
        println!("   expand {:?} {:?}", t.elapsed(), o.result.map(|r| r.output.len()));
        }
    }
    let l: Loader<Nope>=Loader::new(Options{ignore_artifacts:true,..Default::default()}).unwrap();
    let t2=Instant::now(); l.load(p).unwrap(); println!("jit {:?}", t2.elapsed());
}

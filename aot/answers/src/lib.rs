//! What other programs have answered, kept as long as nothing changes that the answer depends on.
//!
//! Every build asks rustup, rustc and cargo the same questions, and the start of one of them takes longer than all
//! else that comes before a build. Cargo keeps rustc's answers, too (`src/cargo/util/rustc.rs`,
//! `.rustc_info.json` in a target directory).
//!
//! An answer is never too old: whoever asks gives the [`Circumstances`] that it depends on, and one of other
//! circumstances isn't used. There is a file for each who is asked about one thing, so their number grows with
//! projects and compilers, and not with changes of them; where there are many, the oldest go.

mod circumstances;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use circumstances::Circumstances;

/// The most files that are kept in a directory: projects come and go.
const MOST: usize = 1000;

/// The answers to questions of one kind, in the circumstances of now.
#[derive(Clone)]
pub struct Answers<'a> {
    kept: Option<Place<'a>>,
}

/// Where answers are kept.
#[derive(Clone)]
struct Place<'a> {
    file: PathBuf,
    describe: Arc<Describe<'a>>,
    /// What that said at first.
    circumstances: String,
}

/// Finds the circumstances, or nothing if not all of them can be known.
type Describe<'a> = dyn Fn() -> Option<Circumstances> + Send + Sync + 'a;

/// What is in a file.
#[derive(Serialize, Deserialize)]
struct Kept {
    circumstances: String,
    answers: BTreeMap<String, serde_json::Value>,
}

impl fmt::Debug for Answers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.kept.as_ref().map(|place| &place.file);
        f.debug_struct("Answers")
            .field("file", &file)
            .finish_non_exhaustive()
    }
}

impl<'a> Answers<'a> {
    /// Nothing is known, and nothing will be.
    #[must_use]
    pub fn unknown() -> Self {
        Self { kept: None }
    }

    /// Those that `directory` keeps, which is made when there is something to keep. `subject` names who is asked
    /// and about what: a program, the directory that it runs in. `describe` finds the circumstances, now and after
    /// each question; if it finds nothing, nothing is known and nothing kept.
    #[must_use]
    pub fn kept(
        directory: &Path,
        subject: &[&OsStr],
        describe: impl Fn() -> Option<Circumstances> + Send + Sync + 'a,
    ) -> Self {
        let mut names = Circumstances::default();
        for part in subject {
            names.word(part);
        }
        let file = directory.join(format!("{}.json", &names.digest()[..16]));
        let kept = describe().map(|circumstances| Place {
            file,
            describe: Arc::new(describe),
            circumstances: circumstances.digest(),
        });
        Self { kept }
    }

    /// The answer to `question`; `ask` finds it out where it isn't known. That it can't be kept is no error: then
    /// it's asked the next time.
    ///
    /// # Errors
    /// Those of `ask`, which aren't kept.
    pub fn ask<T, E>(&self, question: &str, ask: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        let Some(Place {
            file,
            describe,
            circumstances,
        }) = &self.kept
        else {
            return ask();
        };
        let mut kept = read(file, circumstances);
        let known = kept.answers.remove(question);
        if let Some(answer) = known.and_then(|known| serde_json::from_value(known).ok()) {
            return Ok(answer);
        }
        let answer = ask()?;
        // What changed meanwhile may be in the answer, or not.
        let is_same = describe().is_some_and(|now| now.digest() == *circumstances);
        if is_same && let Ok(value) = serde_json::to_value(&answer) {
            kept.answers.insert(question.to_owned(), value);
            _ = write(file, &kept);
        }
        Ok(answer)
    }
}

/// What a file has for these circumstances; for others, or damaged, it has nothing.
fn read(file: &Path, circumstances: &str) -> Kept {
    let read = || serde_json::from_slice::<Kept>(&fs_err::read(file).ok()?).ok();
    read()
        .filter(|kept| kept.circumstances == circumstances)
        .unwrap_or_else(|| Kept {
            circumstances: circumstances.to_owned(),
            answers: BTreeMap::new(),
        })
}

/// By a rename, so that what is read is whole. Of two that write at once one is lost, and asks again.
fn write(file: &Path, kept: &Kept) -> io::Result<()> {
    let directory = file.parent().unwrap_or(file);
    fs_err::create_dir_all(directory)?;
    let mut new = tempfile::NamedTempFile::new_in(directory)?;
    // At once: the serializer writes a word at a time.
    new.write_all(&serde_json::to_vec(kept)?)?;
    new.persist(file)?;
    remove_oldest(directory, MOST)
}

/// Where there are more than `most`, only the newer half stays: whoever misses one of the others asks again.
fn remove_oldest(directory: &Path, most: usize) -> io::Result<()> {
    let files: Vec<_> = fs_err::read_dir(directory)?.collect::<io::Result<_>>()?;
    if files.len() <= most {
        return Ok(());
    }
    let time = |file: &fs_err::DirEntry| file.metadata().and_then(|data| data.modified());
    let times = files.iter().map(|file| Ok((time(file)?, file.path())));
    let mut times: Vec<_> = times.collect::<io::Result<_>>()?;
    times.sort();
    for (_, path) in &times[..times.len() - most / 2] {
        fs_err::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Asks for the value of `is`, and says whether that was found out anew.
    fn ask(directory: &Path, subject: &str, about: &str, is: &str) -> (String, bool) {
        let answers = Answers::kept(directory, &[subject.as_ref()], || {
            let mut circumstances = Circumstances::default();
            circumstances.word(about.as_ref());
            Some(circumstances)
        });
        let asked = Cell::new(false);
        let answer: Result<String, ()> = answers.ask("what", || {
            asked.set(true);
            Ok(is.to_owned())
        });
        (answer.unwrap(), asked.get())
    }

    #[test]
    fn an_answer_holds_in_its_circumstances() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("answers");
        let ask = |subject, about, is| ask(&directory, subject, about, is);
        let answer = |text: &str, anew| (text.to_owned(), anew);
        assert_eq!(ask("a", "then", "one"), answer("one", true));
        assert_eq!(ask("a", "then", "not asked"), answer("one", false));
        assert_eq!(ask("b", "then", "two"), answer("two", true));
        assert_eq!(ask("a", "now", "three"), answer("three", true));
        assert_eq!(ask("a", "then", "four"), answer("four", true));
        assert_eq!(ask("b", "then", "not asked"), answer("two", false));
        assert_eq!(fs_err::read_dir(&directory).unwrap().count(), 2);
    }

    #[test]
    fn each_question_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let answers = || Answers::kept(folder.path(), &[], || Some(Circumstances::default()));
        for (question, is) in [("one", 1), ("two", 2)] {
            assert_eq!(answers().ask(question, || Ok::<_, ()>(is)), Ok(is));
        }
        for (question, is) in [("one", 1), ("two", 2)] {
            assert_eq!(answers().ask(question, || Err("asked")), Ok(is));
        }
        // As another version would: of another type.
        assert_eq!(
            answers().ask("one", || Ok::<_, ()>("1".to_owned())),
            Ok("1".to_owned())
        );
    }

    #[test]
    fn what_fails_or_is_damaged_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Answers::kept(folder.path(), &[], || Some(Circumstances::default()));
        assert_eq!(answers.ask::<i32, _>("one", || Err("no")), Err("no"));
        assert_eq!(answers.ask::<i32, &str>("one", || Ok(1)), Ok(1));
        for kept in fs_err::read_dir(folder.path()).unwrap() {
            fs_err::write(kept.unwrap().path(), "{\"circumstances\": ").unwrap();
        }
        assert_eq!(answers.ask::<i32, &str>("one", || Ok(2)), Ok(2));
        let unknown = Answers::unknown();
        assert_eq!(unknown.ask::<i32, &str>("one", || Ok(3)), Ok(3));
        assert_eq!(unknown.ask::<i32, &str>("one", || Ok(4)), Ok(4));
    }

    #[test]
    fn what_changes_meanwhile_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let directory = folder.path().join("answers");
        let answers = || {
            Answers::kept(&directory, &[], || {
                let mut circumstances = Circumstances::default();
                circumstances.content(&file);
                Some(circumstances)
            })
        };
        let ask = |is: i32| answers().ask::<i32, ()>("one", || Ok(is));
        let meanwhile = answers().ask::<i32, ()>("one", || {
            fs_err::write(&file, "changed").unwrap();
            Ok(1)
        });
        assert_eq!(meanwhile, Ok(1));
        assert_eq!(ask(2), Ok(2));
        assert_eq!(ask(3), Ok(2));
        fs_err::remove_file(&file).unwrap();
        assert_eq!(ask(4), Ok(4));

        let unclear = || Answers::kept(&directory, &[], || None);
        assert_eq!(unclear().ask::<i32, ()>("one", || Ok(5)), Ok(5));
        assert_eq!(unclear().ask::<i32, ()>("one", || Ok(6)), Ok(6));
    }

    #[test]
    fn the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let now = std::time::SystemTime::now();
        for age in 0..6 {
            let file = std::fs::File::create(folder.path().join(age.to_string())).unwrap();
            let time = now - std::time::Duration::from_secs(age);
            file.set_modified(time).unwrap();
        }
        let left = |most| {
            remove_oldest(folder.path(), most).unwrap();
            let files = fs_err::read_dir(folder.path()).unwrap();
            let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(left(6).len(), 6);
        assert_eq!(left(5), ["0", "1"]);
    }

    #[test]
    fn that_nothing_can_be_kept_is_no_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let answers = Answers::kept(&file.path().join("x"), &[], || {
            Some(Circumstances::default())
        });
        assert_eq!(answers.ask::<i32, &str>("one", || Ok(1)), Ok(1));
        assert_eq!(answers.ask::<i32, &str>("one", || Ok(2)), Ok(2));
    }
}

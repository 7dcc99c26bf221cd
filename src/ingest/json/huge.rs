//! Reads an object around huge lists: what stands in the object itself, then the elements of each list.
//! The elements know the object's other members, wherever they stand in the file.

use super::record::{Documents, State, Where};
use super::resolve::Item;
use super::shell::Shell;
use super::tape::{Kind, Node, Tape};
use super::walk::{At, Layout, Stretch, Walk, walk};
use crate::ingest::batch::Batch;
use crate::ingest::blocks::Hasher;
use crate::ingest::context::FileContext;
use crate::ingest::formats::path::Step;
use crate::ingest::scan::Source;
use crate::message::Place;

/// What the reading of an object takes.
pub struct Plan<'p, 'c> {
    /// The file.
    pub file: &'p FileContext<'c>,
    /// The reader of its documents.
    pub documents: &'p Documents<'p, 'c>,
    /// Where its lists lie, as asked of the shell.
    pub ways: &'p [Vec<Step>],
    /// The walk of the file; its units are not used.
    pub walk: &'p Walk<'p, State<'c>>,
    /// Line ends before the object.
    pub lines: u32,
}

/// Reads the object. The stretches count lines from the start of the file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    plan: &Plan<'_, 'c>,
    shell: &Shell,
    source: &mut dyn Source,
    hasher: &mut Hasher,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<Vec<Stretch<State<'c>>>> {
    let Plan { documents, lines, .. } = *plan;
    let mut state = State { batch: Batch::new(plan.file), tape: Tape::default() };
    let mut tape = Tape::default();
    let text = std::str::from_utf8(&shell.text).unwrap_or("");
    let embedded = documents.embedded();
    let whole = if shell.cut {
        tape.read_beginning(text.as_bytes(), embedded)
    } else {
        tape.read(text.as_bytes(), embedded).map(|_| ())
    };
    if let Err(fault) = whole {
        let place = Place { record: 0, line: lines + 1, offset: shell.start, length: shell.text.len() as u32 };
        (plan.walk.problem)(&mut state, place, &shell.text, format!("not valid JSON: {fault}").into(), true);
        return Ok(vec![Stretch { state, lines: lines + shell.lines }]);
    }
    let document = tape.root(text);
    let item = Item { node: document, around: Vec::new(), document };
    documents.read(&mut state.batch, &item, Where::Shell(shell, lines), text, None);
    let mut stretches = vec![Stretch { state, lines: 0 }];
    let mut line = 0;
    let move_on = |stretches: &mut Vec<Stretch<State<'c>>>, until: u32, line: &mut u32| {
        if let Some(last) = stretches.last_mut() {
            last.lines += until.saturating_sub(*line);
            *line = until.max(*line);
        }
    };
    for huge in &shell.huge {
        move_on(&mut stretches, lines + huge.lines, &mut line);
        let way = plan.ways.get(huge.way).map_or(&[][..], Vec::as_slice);
        let around = around(document, way);
        let unit = |state: &mut State<'c>, at: At, bytes: &[u8]| {
            documents.unit(state, at, bytes, Some((document, &around, way)))
        };
        let walk_plan = Walk { layout: Layout::Units, skip: 0, unit: &unit, ..*plan.walk };
        let of_list = walk(source, huge.start..huge.end, &walk_plan, hasher, progress)?;
        line += of_list.iter().map(|stretch| stretch.lines).sum::<u32>();
        stretches.extend(of_list);
    }
    move_on(&mut stretches, lines + shell.lines, &mut line);
    let lost = |stretch: &Stretch<State<'c>>| stretch.state.batch.broken_off;
    if shell.cut && !stretches.last().is_some_and(lost) {
        let mut state = State { batch: Batch::new(plan.file), tape: Tape::default() };
        let place = Place { record: 0, line: 1, offset: shell.end, length: 0 };
        (plan.walk.problem)(&mut state, place, b"", CUT.into(), true);
        stretches.push(Stretch { state, lines: 0 });
    }
    Ok(stretches)
}

/// Reason for a file that ends before its object does.
const CUT: &str = "not valid JSON: the file breaks off inside an object";

/// The objects around the elements of a list, the nearest first.
fn around<'t>(document: Node<'t>, way: &[Step]) -> Vec<Node<'t>> {
    let mut around = vec![document];
    for step in way {
        let next = match (step, around.first()) {
            (Step::Key(key), Some(object)) => object.member(key).map(|(value, _)| value),
            _ => None,
        };
        around.splice(0..0, next.filter(|next| next.kind() == Kind::Object));
    }
    around
}

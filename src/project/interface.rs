//! Which findings still hold: a key for each file of a program, equal where everything is equal that
//! its findings rest on.
//!
//! The key of a file is its own text, the interfaces of what it reaches through imports, those of
//! files that declare something for all others and what these reach, the options and the libraries. So an edit
//! inside a body changes one key, and an edit of what is declared those of the files that reach it.
//!
//! Knows nothing of where outlines come from and of what is kept under the keys.

use crate::base::{Digest, Recipe};
use crate::engine::{Outline, Outlines};

/// A key for each file of `outlines`, in their order.
pub(super) fn keys(outlines: &Outlines) -> Vec<Digest> {
    let reached = reached(outlines);
    let mut world = Recipe::new("what every file sees");
    world.digest("environment", outlines.environment);
    for (file, reached) in outlines.files.iter().zip(&reached) {
        if file.is_global {
            world.text("file", file.file.as_str()).digest("reached", *reached);
        }
    }
    let world = world.finish();
    let one = |(file, reached): (&Outline, &Digest)| {
        let mut key = Recipe::new("checked file");
        key.text("file", file.file.as_str()).digest("text", file.text).digest("about", file.about);
        key.digest("reached", *reached).digest("world", world).finish()
    };
    outlines.files.iter().zip(&reached).map(one).collect()
}

/// For each file a digest of all interfaces that it reaches, its own included. Files that import each
/// other in a circle reach the same.
fn reached(outlines: &Outlines) -> Vec<Digest> {
    let files = &outlines.files;
    let mut digests = vec![Digest::default(); files.len()];
    for component in components(files.len(), &|file| &files[file].leads_to) {
        let mut recipe = Recipe::new("reached");
        let mut own: Vec<_> = component.iter().map(|&member| &files[member]).collect();
        own.sort_by(|a, b| a.file.cmp(&b.file));
        for file in own {
            recipe.text("file", file.file.as_str()).digest("interface", file.interface).digest("context", file.context);
        }
        let beyond = component.iter().flat_map(|&member| &files[member].leads_to).map(|&to| to as usize);
        // What lies beyond has its digest by now, what is in the circle has not.
        let mut beyond: Vec<Digest> = beyond.map(|to| digests[to]).filter(|to| *to != Digest::default()).collect();
        beyond.sort_unstable();
        beyond.dedup();
        for digest in beyond {
            recipe.digest("beyond", digest);
        }
        let digest = recipe.finish();
        for member in component {
            digests[member] = digest;
        }
    }
    digests
}

/// The circles of a graph (most of one member), each after those that it leads to. Tarjan's algorithm
/// with a stack of its own: chains of imports may be long.
fn components<'a>(count: usize, leads_to: &dyn Fn(usize) -> &'a [u32]) -> Vec<Vec<usize>> {
    const NEW: u32 = u32::MAX;
    let mut order = vec![NEW; count];
    let mut lowest = vec![NEW; count];
    let mut is_open = vec![false; count];
    let (mut open, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    for start in 0..count {
        if order[start] != NEW {
            continue;
        }
        // A file, and how many of its edges were followed.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((file, edge)) = path.last_mut() {
            let file = *file;
            if *edge == 0 {
                (order[file], lowest[file], is_open[file]) = (next, next, true);
                next += 1;
                open.push(file);
            }
            let edges = leads_to(file);
            if let Some(&to) = edges.get(*edge) {
                *edge += 1;
                let to = to as usize;
                if order[to] == NEW {
                    path.push((to, 0));
                } else if is_open[to] {
                    lowest[file] = lowest[file].min(order[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&(before, _)) = path.last() {
                lowest[before] = lowest[before].min(lowest[file]);
            }
            if lowest[file] == order[file] {
                let at = open.iter().rposition(|&one| one == file).unwrap_or_default();
                let component = open.split_off(at);
                for &member in &component {
                    is_open[member] = false;
                }
                found.push(component);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FilePath;

    fn outline(name: usize, leads_to: &[u32]) -> Outline {
        Outline {
            file: FilePath::new(&format!("/f{name}.ts")),
            text: Digest::of(b"text"),
            interface: Digest::of(b"interface"),
            context: Digest::default(),
            about: Digest::default(),
            is_global: false,
            leads_to: leads_to.to_vec(),
        }
    }

    /// 0 -> 1 -> 2 -> 1 and 3 -> 2, 4 alone.
    fn graph() -> Outlines {
        let edges: [&[u32]; 5] = [&[1], &[2], &[1], &[2], &[]];
        let files = edges.iter().enumerate().map(|(name, edges)| outline(name, edges)).collect();
        Outlines { environment: Digest::default(), files }
    }

    /// The files whose keys differ after a change.
    fn changed(change: impl Fn(&mut Outlines)) -> Vec<usize> {
        let before = graph();
        let mut after = graph();
        change(&mut after);
        let (before, after) = (keys(&before), keys(&after));
        (0..before.len()).filter(|&file| before[file] != after[file]).collect()
    }

    #[test]
    fn a_text_concerns_its_file() {
        assert_eq!(changed(|it| it.files[2].text = Digest::of(b"other")), [2]);
    }

    #[test]
    fn an_interface_concerns_those_that_reach_it() {
        assert_eq!(changed(|it| it.files[2].interface = Digest::of(b"other")), [0, 1, 2, 3]);
        assert_eq!(changed(|it| it.files[0].interface = Digest::of(b"other")), [0]);
        assert_eq!(changed(|it| it.files[4].interface = Digest::of(b"other")), [4]);
    }

    #[test]
    fn what_is_declared_for_all_concerns_all() {
        assert_eq!(changed(|it| it.files[4].is_global = true), [0, 1, 2, 3, 4]);
        assert_eq!(changed(|it| it.environment = Digest::of(b"other")), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn an_edge_concerns_those_that_come_over_it() {
        // 2 is no longer in a circle with 1, which its key tells of.
        assert_eq!(changed(|it| it.files[1].leads_to = vec![]), [0, 1, 2, 3]);
        assert_eq!(changed(|it| it.files[3].leads_to = vec![4]), [3]);
    }

    #[test]
    fn long_chains_need_no_stack() {
        let count = 200_000;
        let edges: Vec<Vec<u32>> =
            (0..count).map(|file| if file + 1 < count { vec![file + 1] } else { vec![0] }).collect();
        assert_eq!(components(count as usize, &|file| &edges[file]).len(), 1);
    }
}

//! What macros of each project may do, as it is at this moment.
//!
//! Invariant: what was looked up (the project file's text, the person's grants) is kept until a pass
//! begins, so that answering from memory never asks the disk.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::base::{Digest, FilePath};
use crate::macros::{Access, Allow, Outside, Permissions, ProjectInputs};

use super::Snapshot;
use super::config::{self, PROJECT_FILE};
use super::shared::lock;
use super::trust::Grants;

/// Of every project seen so far.
pub(super) struct ProjectAccess {
    grants: Grants,
    restricted: AtomicBool,
    for_run: Allow,
    projects: Mutex<HashMap<FilePath, Project>>,
}

struct Project {
    /// Of the project file; `None` where there is none.
    text: Option<Digest>,
    access: Arc<Access>,
    outside: Arc<Outside>,
}

impl ProjectAccess {
    /// `for_run` is what the command line permits to every project.
    pub fn new(grants: Grants, for_run: Allow) -> ProjectAccess {
        ProjectAccess { grants, restricted: AtomicBool::new(false), for_run, projects: Mutex::default() }
    }

    /// From now on nobody has a permission.
    pub fn restrict(&self) {
        self.restricted.store(true, Ordering::Release);
        lock(&self.projects).clear();
    }

    /// Looks everything up anew.
    pub fn refresh(&self, snap: &Snapshot) {
        let roots: Vec<FilePath> = lock(&self.projects).keys().cloned().collect();
        for root in roots {
            let (text, permissions) = self.look_up(snap, &root);
            if let Some(project) = lock(&self.projects).get_mut(&root) {
                // Links may lead elsewhere by now, too.
                project.text = text;
                project.access = Arc::new(Access::new(permissions));
            }
        }
    }

    fn look_up(&self, snap: &Snapshot, root: &FilePath) -> (Option<Digest>, Permissions) {
        let file = root.join(PROJECT_FILE);
        let text = snap.saved_text(&file);
        let asked = text.as_ref().map(|text| config::allow::asked(&file, text).0).unwrap_or_default();
        let is_free = !self.restricted.load(Ordering::Acquire);
        let granted = is_free && self.grants.has(root, &asked);
        let for_run = if is_free { self.for_run.clone() } else { Allow::default() };
        let permissions = Permissions { root: root.clone(), asked, granted, for_run };
        (text.map(|text| text.digest()), permissions)
    }

    fn project(&self, snap: &Snapshot, root: &FilePath) -> (Arc<Access>, Arc<Outside>) {
        let now = snap.saved_text(&root.join(PROJECT_FILE)).map(|text| text.digest());
        if let Some(project) = lock(&self.projects).get(root)
            && project.text == now
        {
            return (project.access.clone(), project.outside.clone());
        }
        let (text, permissions) = self.look_up(snap, root);
        let mut projects = lock(&self.projects);
        let outside = projects.get(root).map(|project| project.outside.clone());
        let outside = outside.unwrap_or_else(|| {
            // What is shared holds this, so this must not hold what is shared.
            let (shared, root) = (Arc::downgrade(&snap.shared), root.clone());
            Arc::new(Outside::new(move || Some(shared.upgrade()?.store(&root))))
        });
        let project = Project { text, access: Arc::new(Access::new(permissions)), outside };
        let found = (project.access.clone(), project.outside.clone());
        projects.insert(root.clone(), project);
        found
    }
}

impl Snapshot {
    /// What macros of the project at `root` may do.
    pub fn permissions(&self, root: &FilePath) -> Permissions {
        self.shared.access.project(self, root).0.permissions().clone()
    }

    /// What macros of a file's project may do.
    pub fn permissions_of(&self, file: &FilePath) -> Permissions {
        self.permissions(&self.project_of(file).root)
    }

    /// Grants the project at `root` what it asks for, for this person. Writes to the disk; holds once
    /// the world took [`Change::Permitted`](super::Change::Permitted).
    pub fn grant(&self, root: &FilePath, asked: &Allow) -> io::Result<()> {
        self.shared.access.grants.grant(root, asked)
    }

    /// Whether the editor does not trust what it has open.
    pub fn is_restricted(&self) -> bool {
        self.shared.access.restricted.load(Ordering::Acquire)
    }

    /// The projects of open files that wait for a person's answer; none where an answer would not hold.
    pub fn open_requests(&self) -> Vec<Permissions> {
        if self.is_restricted() {
            return Vec::new();
        }
        let mut roots: Vec<FilePath> =
            self.open_files().iter().map(|(file, _)| self.project_of(file).root.clone()).collect();
        roots.sort();
        roots.dedup();
        roots.iter().map(|root| self.permissions(root)).filter(Permissions::is_open).collect()
    }

    /// Who answers macros of the project at `root`.
    pub(super) fn inputs(&self, root: &FilePath) -> ProjectInputs {
        let (access, outside) = self.shared.access.project(self, root);
        ProjectInputs::with(access, outside)
    }

    /// What hosts answered to macros of the project at `root`.
    pub(super) fn outside(&self, root: &FilePath) -> Arc<Outside> {
        self.shared.access.project(self, root).1
    }
}

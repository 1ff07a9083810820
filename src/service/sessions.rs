//! One's own sessions, as a list.

use super::{Caller, Error, Services};
use crate::domain::{Action, Page, PageRequest, Session, SessionId};
use crate::store::keyset::Place;

impl Services {
    /// A page of the signed-in person's live sessions, newest first.
    pub async fn list_own_sessions(
        &self,
        caller: &Caller,
        request: &PageRequest<SessionId>,
    ) -> Result<Page<Session>, Error> {
        let user = caller.admitted(Action::ViewOneself)?.user_id;
        let request = request.clone().map_places(|id| Place(id.into(), id.into()));
        Ok(self.store().sessions.list(user, self.now(), &request).await?)
    }

    /// How many live sessions the signed-in person has.
    pub async fn count_own_sessions(&self, caller: &Caller) -> Result<u64, Error> {
        Ok(self.store().sessions.count(caller.admitted(Action::ViewOneself)?.user_id, self.now()).await?)
    }
}

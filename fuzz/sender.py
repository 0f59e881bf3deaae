"""Signs in the fuzz run's requests, and puts values into them that can succeed."""

import os
from random import Random
from typing import Any

from fastapi.testclient import TestClient
from psycopg import Connection
from schemathesis.generation.meta import TestPhase

from app.core.ids import new_id
from fuzz import files
from fuzz.cast import Cast
from fuzz.targets import API, NotMade, Target, Targets, new_email
from fuzz.values import Values
from tests.support.people import Person

# These end the session that sends them, or the password that it came with.
LAST_WORDS = {f"{API}/auth/logout", f"{API}/auth/change-password"}
ON_BEHALF_OF = "x-on-behalf-of"
# Handed in by a mail server, which has a secret of the installation.
INBOUND_MAIL = f"{API}/mail/inbound"
# Companies come and go only by an administrator of the installation.
FOR_THE_INSTALLATION = {("POST", f"{API}/organizations"), ("DELETE", f"{API}/organizations/{{organization_id}}")}


class Sender:
    """Sends most requests as an administrator, some as an employee or one of the installation, few as nobody.

    Every second request gets values that can succeed in place of those generated for zones, e-mails, times, rules,
    passwords and ids, so that the run goes further than the checks of what was sent.
    """

    def __init__(self, client: TestClient, database: Connection, seed: int) -> None:
        self.cast = Cast(client, database)
        self.random = Random(seed)  # noqa: S311 - to be repeatable is the point
        self.targets = Targets(self.cast, self.random)
        self.values = Values(self.cast, self.targets, self.random)
        self.sent = 0

    def prepare(self, case: Any) -> None:
        """Give a request its token, and every second one values that can succeed."""
        self.sent += 1
        person = self._person(case)
        if self.sent % 2:
            try:
                self._mend(case, person or self.cast.admin)
            except NotMade:
                self.cast.replace_who_was_dismissed()
        if person is not None:
            token = os.environ["INBOUND_MAIL_SECRET"] if case.path == INBOUND_MAIL else person.token
            case.headers["Authorization"] = f"Bearer {token}"

    def _person(self, case: Any) -> Person | None:
        if case.path in LAST_WORDS:
            return self.cast.company.person()
        if self.sent % 20 == 0:
            return None
        if self.sent % 5 == 0:
            return self.cast.employee
        if self.sent % 13 == 0 or (case.method.upper(), case.path) in FOR_THE_INSTALLATION:
            return self.cast.installation_admin
        return self.cast.admin

    def _mend(self, case: Any, person: Person) -> None:
        asker = self._on_behalf_of(case, person)
        # In a chain, half of the requests with good values keep the object that the chain is about.
        is_chained = case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL
        target = None
        if case.path_parameters and (not is_chained or self.sent % 4 == 1):
            target = self.targets.for_path(case.path, asker)
            case.path_parameters.update({name: target.ids[name] for name in case.path_parameters})
            # The version that a generator makes up is never that of something new.
            case.headers.pop("if-match", None)
        if "idempotency-key" in case.headers:
            # The engine sends one key with different requests.
            case.headers["idempotency-key"] = new_id().hex
        self._mend_body(case)
        self._mend_query(case, target)

    def _on_behalf_of(self, case: Any, person: Person) -> Person:
        """In whose name a request is sent: half of those with the header get a principal of the sender's."""
        if case.headers.pop(ON_BEHALF_OF, None) is None or not person.user.organization_id:
            return person
        if self.random.choice([True, False]):
            return person
        principal = self.targets.principal_of(person)
        case.headers[ON_BEHALF_OF] = principal.id
        return principal

    def _mend_body(self, case: Any) -> None:
        if isinstance(case.body, dict):
            # A copy: the engine makes further cases from the same one.
            case.body = dict(case.body)
            self.values.mend_body(case.path, case.body)
        elif case.media_type == files.TABLE:
            case.body = self._table()
        elif case.media_type == files.CALENDAR:
            case.body = (files.calendar if self.sent % 4 == 1 else files.odd_calendar)(self.random)
        elif case.media_type in files.PICTURES:
            case.body = files.picture(case.media_type)

    def _mend_query(self, case: Any, target: Target | None) -> None:
        query = dict(case.query or {})
        if query:
            self.values.mend_query(case.path, query)
            # Only a page that was read gives one.
            query.pop("cursor", None)
        if target is not None:
            known = {parameter.name for parameter in case.operation.query}
            query.update({name: value for name, value in target.query.items() if name in known})
            if target.occurrence is None:
                # Only of a series can one be named, or some.
                query.pop("occurrence", None)
                query.pop("scope", None)
            elif "occurrence" in query or "scope" in query:
                query["occurrence"] = target.occurrence
        case.query = query

    def _table(self) -> bytes:
        if self.sent % 4 == 1:
            return files.table([new_email(), new_email()])
        return files.odd_table(self.random)

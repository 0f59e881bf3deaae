"""Creating, reading, changing and deleting events."""

from tests.support.people import Company


def test_an_event_is_created_read_and_listed(company: Company) -> None:
    anna = company.person()
    created = anna.create_event(title="Планёрка 🚀")
    assert anna.get(f"/events/{created['id']}").json() == created
    assert [item["title"] for item in anna.occurrences("2027-03-22", "2027-03-23")] == ["Планёрка 🚀"]

"""Statistics as CSV for spreadsheets and as charts for browsers."""

import csv
import io
from datetime import date
from xml.etree import ElementTree

import psycopg
import pytest

from tests.api.statistics_company import REPORTS, Made, make, read
from tests.support.people import Company
from tests.support.planning import accepted

every_report = pytest.mark.parametrize("report", REPORTS)


@pytest.fixture
def made(company: Company, database: psycopg.Connection) -> Made:
    return make(company, database)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_csv_has_the_columns_and_rows_of_the_json(made: Made) -> None:
    admin = made.people["admin"]
    for report in ("/meetings", "/rooms", "/busiest"):
        answer = admin.get(f"/statistics{report}", from_="2027-03-22", to="2027-04-12", format="csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert answer.text.startswith("\ufeff")
        items = read(admin, report, "2027-03-22", "2027-04-12")["items"]
        expected = [{name: "" if value is None else str(value) for name, value in item.items()} for item in items]
        assert rows_of(answer.text) == expected
    figures = {row["figure"]: row["value"] for row in rows_of(
        admin.get("/statistics", from_="2027-03-22", to="2027-04-12", format="csv").text)}  # fmt: skip
    overview = read(admin, "", "2027-03-22", "2027-04-12")
    assert figures["meetings"] == str(overview["meetings"])
    assert figures["rooms share"] == str(overview["rooms"]["share"])


@pytest.mark.parametrize("name", ["=1+1", "+7 495", "-1", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_a_name_in_csv_is_no_formula(company: Company, name: str) -> None:
    person = company.person(full_name=name)
    person.create_event()
    rows = rows_of(person.get("/statistics/meetings", from_="2027-03-22", to="2027-03-23", format="csv").text)
    assert [row["name"] for row in rows] == [f"'{name}"]


NAMESPACE = "{http://www.w3.org/2000/svg}"


@every_report
@pytest.mark.parametrize(
    ("language", "word"), [("ru", "Europe/Berlin; компания"), ("en", "Europe/Berlin; the company")]
)
def test_a_chart_opens_in_a_browser_in_the_readers_language(made: Made, report: str, language: str, word: str) -> None:
    answer = made.people["admin"].call(
        "GET",
        f"/statistics{report}",
        params={"from": "2027-03-22", "to": "2027-04-12", "format": "svg"},
        headers={"Accept-Language": language},
    )
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert answer.headers["content-language"] == language
    assert answer.headers["x-content-type-options"] == "nosniff"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{NAMESPACE}svg"
    assert root.find(f"{NAMESPACE}title") is not None
    assert word in " ".join(element.text or "" for element in root.iter(f"{NAMESPACE}text"))


@pytest.mark.parametrize("by", ["person", "department", "day", "week", "month"])
def test_every_grouping_has_its_chart(made: Made, by: str) -> None:
    answer = made.people["admin"].get("/statistics/meetings", from_="2027-03-22", to="2027-04-12", by=by, format="svg")
    told = ElementTree.fromstring(answer.content).findtext(f"{NAMESPACE}desc", "")
    report = read(made.people["admin"], "/meetings", "2027-03-22", "2027-04-12", by=by)
    assert told.count(": ") >= len(report["items"])


def test_a_name_cannot_break_out_of_a_chart(company: Company) -> None:
    person = company.person(full_name="</text><script>alert(1)</script>&\ufffe")
    person.create_event()
    answer = person.get("/statistics/meetings", from_="2027-03-22", to="2027-03-23", format="svg")
    assert "<script" not in answer.text
    assert "<script>alert(1)</script>" in ElementTree.fromstring(answer.content).findtext(f"{NAMESPACE}desc", "")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "application/json"),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/svg+xml"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.4, image/svg+xml;q=0.5", "image/svg+xml"),
        ("text/csv;q=0", "application/json"),
        ("text/csv;q=many;,;;", "application/json"),
        ("TEXT/CSV", "text/csv; charset=utf-8"),
    ],
)
def test_without_a_format_the_accept_header_says_which(company: Company, accept: str, media_type: str) -> None:
    answer = company.admin.call("GET", "/statistics/busiest", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    answer = company.admin.call("GET", "/statistics/busiest?format=json", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"


def test_an_empty_company_has_empty_reports(company: Company) -> None:
    for report in REPORTS:
        for wanted in ("json", "csv", "svg"):
            assert company.admin.get(f"/statistics{report}", format=wanted).status_code == 200
    assert accepted(company.admin.get("/statistics/meetings"))["items"] == []
    assert date.fromisoformat(accepted(company.admin.get("/statistics"))["periods"][0]["first_date"]).day == 1

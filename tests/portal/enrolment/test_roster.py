"""The list is read as people save it, and each bad row is told with its line."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.enrolment.errors import ListUnusable
from portal.enrolment.roster import Membership, read

ANN = Membership("00123", "ann@example.org")
BEN = Membership("00123", "ben@example.org")


@pytest.mark.parametrize(
    "content",
    [
        "project,email\n00123,ann@example.org\n00123,ben@example.org\n",
        "Project;E-Mail;EMAIL\r\n00123;;ann@example.org\r\n00123;;ben@example.org",
        "email\tproject\nAnn@Example.org\t00123\n\nben@example.org\t00123\n",
        '\ufeff"project","email"\r\n00123," ann@example.org "\r\n00123,ben@example.org',
        "\n,,\nproject,email,\n00123,ann@example.org,\n,,\n00123,ben@example.org",
        "project,email\r00123,ann@example.org\r00123,ben@example.org\r",
    ],
)
def test_the_list_is_taken_as_it_was_saved(content):
    found = read(content.encode())

    assert found.memberships == {ANN, BEN}
    assert found.problems == ()


def test_titles_and_names_may_come_along_and_the_first_holds():
    found = read(
        b"project,email,title,name,room\n"
        b'00123,ann@example.org,"Brains, old ones",Ann  Lee,1\n'
        b"00123,ANN@example.org,Other,Other,2\n"
        b"00124,ben@example.org,,,\n"
        b"00125,ben@example.org\n"
    )

    assert found.titles == {"00123": "Brains, old ones"}
    assert found.names == {"ann@example.org": "Ann Lee"}
    assert {one.project for one in found.memberships} == {"00123", "00124", "00125"}
    assert found.problems == ()


def test_a_quoted_cell_may_have_lines_and_quotes_of_its_own():
    found = read(
        b'project,email,title\n1,ann@example.org,"say ""hi""\nto all"\n2,nobody,x\n'
    )

    assert found.titles == {"1": 'say "hi" to all'}
    assert [one.line for one in found.problems] == [4]


def test_numbers_get_the_zeros_that_a_spreadsheet_took():
    content = b"project,email\n123,ann@example.org\nP-7,ann@example.org\n"

    projects = {one.project for one in read(content, digits=5).memberships}

    assert projects == {"00123", "P-7"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",ann@example.org", "there is no project"),
        ("1", "there is no e-mail address"),
        ("1,ann at example", "“ann at example” is no e-mail address"),
        ("1,ann@example.org;ben@example.org", "is no e-mail address"),
        ("1,ann@example.org,a,b,c", "5 cells under 4 columns"),
        ("=1+1,ann@example.org", "the project begins with ="),
        ('1,ann@example.org,"=HYPERLINK(""http://x"")"', "the title begins with ="),
        ("1,@ann@example.org", "the email begins with @"),
        ("1,ann@example.org,,-2+3", "the name begins with -"),
        ("1\0,ann@example.org", "cannot be shown (U+0000)"),
        ("1,ann@example.org,\x1b[2Jboo", "the title has a character that cannot be"),
        ("1,ann@example.org,a\u202etxt", "(U+202E)"),
        ("1,ann\u200b@example.org", "the email has a character that cannot be shown"),
        (f"{'9' * 101},ann@example.org", "the project has 101 characters"),
        (f"1,{'a' * 250}@example.org", "the email has 262 characters; at most 254"),
        (f"1,ann@example.org,{'t' * 256}", "at most 255 fit"),
        (f"1,ann@example.org,{'t' * 10**6}", "field larger than field limit"),
        ('1,ann@example.org,"a"b', "this is no row of CSV"),
        ('1,"ann@example.org', "this is no row of CSV"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_drops_none_of_the_good(row, words):
    found = read(
        f"project,email,title,name\n00123,ben@example.org\n{row}\n".encode()
        + (b"" if '"ann@example.org' in row else b"00123,ann@example.org\n")
    )

    (problem,) = found.problems
    assert problem.line == 3
    assert words in problem.words
    assert problem.words.isprintable()
    assert BEN in found.memberships
    assert found.memberships <= {ANN, BEN}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The list is empty"),
        (b" \r\n,,;\n", "The list is empty"),
        ("\ufeff".encode(), "The list is empty"),
        (b"project,email\n1,andr\xe9@example.org\n", "not UTF-8: line 2"),
        ("project,email\n".encode("utf-16"), "not UTF-8: line 1"),
        (b"1,ann@example.org\n", "It says “1,ann@example.org”"),
        (b"project\n1\n", "must name the columns"),
        (b"project,email,project\n", "each once"),
        (b"project email\n", "must name the columns"),
        (b"<!DOCTYPE html>\n<p>Sign in</p>", "must name the columns"),
        (b"\x1b]0;x\x07,email\n", r"\x1b]0;x\x07"),
        (b"x" * 10**6, "must name the columns"),
    ],
)
def test_what_is_no_list_at_all_is_said_in_a_sentence(content, words):
    with pytest.raises(ListUnusable) as error:
        read(content)

    assert words in str(error.value)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 400


def test_a_header_alone_is_a_list_of_nobody():
    assert read(b"project,email\n").memberships == frozenset()


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused_in_words(content):
    with suppress(ListUnusable):
        found = read(b"project,email\n" + content)
        assert all(one.line > 1 and one.words for one in found.problems)
        assert all("@" in one.email for one in found.memberships)

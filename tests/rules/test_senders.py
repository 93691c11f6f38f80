"""Who may send, by the site's list; and what is wrong with a list."""

import pytest

from rules.decide import Origin
from rules.document import RulesError
from rules.senders import Senders, Unknown, in_words, load

LIST = """
[[sender]]
name = "3T Prisma"
ae_title = ["MR3T", "MR 3T OLD"]
address = ["192.0.2.0/24", "198.51.100.7"]

[[sender]]
ae_title = "CT1"

[[sender]]
address = "2001:db8::/64"

[[sender]]
name = "the hospital across the road"
ae_title = "PACS"
tls = true
"""


def admits(senders: Senders, title: str, address: str) -> bool:
    return senders.admit(Origin(title, "STORESCP", address))


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("MR3T", "192.0.2.7"),
        ("MR 3T OLD", "198.51.100.7"),
        ("CT1", "203.0.113.9"),
        ("CT1", "127.0.0.2"),
        ("WHOEVER", "2001:db8::5"),
        ("PACS", "127.0.0.2"),
    ],
)
def test_who_is_listed_may_send(title: str, address: str):
    assert admits(load(LIST), title, address)


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("MR3T", "203.0.113.9"),
        ("mr3t", "192.0.2.7"),
        ("", "192.0.2.7"),
        ("WHOEVER", "2001:db9::5"),
        ("PACS", "192.0.2.7"),
        ("WHOEVER", "127.0.0.2"),
        ("MR3T", "scanner.example.org"),
    ],
)
def test_who_is_not_listed_may_not(title: str, address: str):
    assert not admits(load(LIST), title, address)


def test_the_box_itself_always_may():
    assert admits(load(LIST), "HEALTH", "127.0.0.1")


def test_what_nobody_has_sent_is_nobodys_to_list():
    assert admits(load(LIST), "", "")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", 'unknown = "take"\n'])
def test_without_a_list_everybody_may_send(text: str):
    assert admits(load(text), "WHOEVER", "203.0.113.9")


def test_what_becomes_of_the_others_is_parked_unless_said():
    assert load(LIST).unknown == Unknown.PARK
    assert load(f'unknown = "refuse"\n{LIST}').unknown == Unknown.REFUSE


def test_a_sender_is_told_by_title_and_address():
    assert in_words(Origin("MR3T", "X", "192.0.2.7")) == 'AE "MR3T" from 192.0.2.7'
    assert in_words(Origin("PACS", "X", "127.0.0.2")) == 'AE "PACS" over TLS'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("unknown = ", "this is not TOML"),
        ('unknown = "drop"\n[[sender]]\nae_title = "A"', "line 1: unknown is one of"),
        ('unknown = "park"', "line 1: without any [[sender]] nobody could send"),
        ('[sender]\nae_title = "A"', "line 1: write [[sender]], with two brackets"),
        ("sender = [1]", "line 1: a sender is a table"),
        ('[[senders]]\nae_title = "A"', "line 1: 'senders' is not unknown or"),
        ('[[sender]]\nname = "A"', "line 1: a sender needs an ae_title, an address"),
        ('[[sender]]\nae = "A"\ntls = true', "line 2: 'ae' is not known here"),
        ('[[sender]]\nae_title = ""', "line 2: an AE title is a text of 1 to 16"),
        ("[[sender]]\nae_title = []", "line 2: an AE title is a text of 1 to 16"),
        ('[[sender]]\nae_title = "ABCDEFGHIJKLMNOPQ"', "line 2: an AE title is a"),
        ('[[sender]]\nae_title = "A\\tB"', "line 2: an AE title is a"),
        ("[[sender]]\nae_title = 3", "line 2: an AE title is a"),
        ('[[sender]]\naddress = "scanner"', "line 2: scanner is no address"),
        ('[[sender]]\naddress = "192.0.2.7/24"', "line 2: 192.0.2.7/24 is no address"),
        ("[[sender]]\naddress = 7", "line 2: an address is a text"),
        ('[[sender]]\ntls = "yes"', "line 2: tls is true or false"),
        (
            '[[sender]]\naddress = "192.0.2.7"\ntls = true',
            "line 3: what comes over TLS has no address",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, problem: str):
    with pytest.raises(RulesError) as raised:
        load(text)

    assert problem in str(raised.value)

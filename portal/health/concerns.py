"""What a person should look at, in words: what is the matter, and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from portal.health.certificate import Certificate
from portal.health.disks import Disk
from portal.health.ledger import Ledger
from portal.health.programs import Program

# Above this, scans are late for a person who waits for them.
LONG_LAG_SECONDS = 60
# Verification begins at once; work that waits longer than this is behind.
LONG_UNVERIFIED = timedelta(minutes=15)
# What ingest says of a site's file with a mistake (ingest/site_file.py).
RULES_MISTAKEN = " is not taken up: "
SENDERS_MISTAKEN = f"dicom_senders.toml{RULES_MISTAKEN}"
# A certificate is renewed a month before its end, where that is done by itself.
CERTIFICATE_ENDS_SOON = timedelta(days=14)


@dataclass(frozen=True)
class Concern:
    """One thing to look at, with its remedy; bad ones cannot wait.

    `page` is where the portal shows more, or empty.
    """

    words: str
    remedy: str
    is_bad: bool = False
    page: str = ""


def of_programs(programs: list[Program]) -> Iterator[Concern]:
    """Yield the programs that are down, together: one often takes others with it."""
    down = [program.name for program in programs if program.is_down]
    if down:
        yield Concern(
            _down(down),
            "What fell is started again by itself. If it stays so, its log in "
            "/var/log/imagetrove says why.",
            is_bad=True,
        )


def _down(names: list[str]) -> str:
    others = [name for name in names if name != "postgresql"]
    if others and others != names:
        # Most programs cannot answer without it, so it is the one to look at.
        return f"postgresql is down, and with it {_list(others)}."
    return f"{_list(names)} {'is' if len(names) == 1 else 'are'} down."


def of_mode(mode: str) -> Iterator[Concern]:
    """Yield copy mode."""
    if mode == "copy":
        yield Concern(
            "Every scan is stored twice (copy mode).",
            "Mount one parent folder at /imagetrove, with the five folders in it, in "
            "place of the five mounts; what is there stays.",
        )


def of_certificate(certificate: Certificate) -> Iterator[Concern]:
    """Yield a certificate that is not taken up, and one that ends soon or has ended."""
    if certificate.problem:
        yield Concern(
            f"The certificate has a mistake: {certificate.problem}",
            "Put good files into /data/tls; they are taken up within seconds. What was "
            "in force stays so until then.",
        )
    if certificate.ends is None:
        return
    left = certificate.ends - timezone.now()
    if left < CERTIFICATE_ENDS_SOON:
        has_ended = left < timedelta()
        yield Concern(
            f"The certificate {'has ended' if has_ended else 'ends'} on "
            f"{timezone.localtime(certificate.ends):%d %B %Y}.",
            "Put a new one into /data/tls; it is taken up within seconds.",
            is_bad=has_ended,
        )


def of_providers(mistakes: Iterable[str]) -> Iterator[Concern]:
    """Yield ways to sign in that are set up and not there."""
    for mistake in mistakes:
        yield Concern(
            f"oidc.toml has a mistake: {mistake}",
            "Nobody signs in by that provider until it is put right; the others work.",
        )


def of_disks(disks: list[Disk]) -> Iterator[Concern]:
    """Yield disks on which little is left."""
    for disk in disks:
        volumes = _list(list(disk.volumes))
        if disk.is_low:
            yield Concern(
                f"Only {disk.free_bytes / 1e9:,.1f} of {disk.total_bytes / 1e9:,.0f} "
                f"GB are free for {volumes}.",
                "Make room, or a larger disk: scanners are refused when it is full, "
                "and go on when there is room again.",
                is_bad=True,
            )
        if disk.is_short_of_names:
            yield Concern(
                f"Only {disk.free_names:,} more files fit on the disk of {volumes}, "
                "however small they are.",
                "Move to a file system with more inodes, or one that makes them as "
                "needed, like XFS.",
                is_bad=True,
            )


def of_ledger(ledger: Ledger | None) -> Iterator[Concern]:
    """Yield what is on record as late, waiting for a person, or wrong."""
    if ledger is None:
        yield Concern(
            "The database does not answer, so nothing is known of the scans.",
            "What scanners send is kept meanwhile, and comes in when it is back.",
            is_bad=True,
        )
        return
    yield from _of_ingest(ledger)
    yield from _of_files(ledger)
    yield from _of_people(ledger)
    yield from _of_mail(ledger)
    if ledger.parked:
        yield Concern(
            f"{_some(ledger.parked, 'series', 'series')} "
            f"{'waits' if ledger.parked == 1 else 'wait'} for a person (parked).",
            "The page of parked series says why, and what to do.",
            page="parked",
        )
    if ledger.failing:
        yield Concern(
            f"{_some(ledger.failing, 'piece of work', 'pieces of work')} failed.",
            "It is tried again by itself, ever more rarely; worker.log has the whole "
            "reason.",
        )


def _of_ingest(ledger: Ledger) -> Iterator[Concern]:
    ingest = ledger.ingest
    if SENDERS_MISTAKEN in ingest.error:
        yield Concern(
            f"The list of senders has a mistake: {ingest.error}",
            "Correct the file; ingest.log names every mistake with its line.",
        )
    elif RULES_MISTAKEN in ingest.error:
        yield Concern(
            f"The rules have a mistake: {ingest.error}",
            "Correct the file; `imagetrove rules check` names every mistake.",
        )
    elif ingest.error:
        yield Concern(
            f"Ingest waits: {ingest.error}",
            "It goes on by itself when this is over; ingest.log has the rest.",
        )
    if ingest.paused:
        yield Concern(
            "Ingest is paused.",
            "Scans are kept meanwhile; `imagetrove ingest resume` takes them in.",
        )
    if ingest.lag_seconds > LONG_LAG_SECONDS:
        yield Concern(
            f"New scans are {ingest.lag_seconds:,.0f} s late.",
            "Ingest catches up by itself; if it does not, ingest.log says why.",
        )


def _of_files(ledger: Ledger) -> Iterator[Concern]:
    if ledger.damaged:
        yield Concern(
            f"{_some(ledger.damaged, 'file is', 'files are')} damaged.",
            "Send the series again from the scanner, or fetch the file from a copy.",
            is_bad=True,
        )
    oldest = ledger.oldest_unverified
    if oldest and timezone.now() - oldest > LONG_UNVERIFIED:
        yield Concern(
            f"{_some(ledger.unverified, 'file has', 'files have')} not been verified "
            "for a long time.",
            "The worker may have much to do; worker.log says what it does.",
        )


def _of_people(ledger: Ledger) -> Iterator[Concern]:
    report = ledger.people.report
    if ledger.people.is_failing:
        yield Concern(
            f"Projects and people are not in step: {report.error}",
            "Meanwhile everybody sees what they saw; it is tried again by itself.",
        )
    elif ledger.people.is_late:
        yield Concern(
            "The list of projects and people has not been taken up for a long time.",
            "The worker may have much to do; worker.log says what it does.",
        )
    elif report.problem_count:
        yield Concern(
            f"{_some(report.problem_count, 'row', 'rows')} of the list of projects and "
            "people cannot be understood, so nobody was removed.",
            "`imagetrove access status` names the rows and what to do.",
        )


def _of_mail(ledger: Ledger) -> Iterator[Concern]:
    mail = ledger.mail
    if not mail.server:
        return
    if mail.failing:
        yield Concern(
            f"{_some(mail.failing, 'mail is', 'mails are')} not sent yet: {mail.error}",
            "It is tried again by itself, for three days. `imagetrove mail test` tries "
            "the server at once.",
        )
    if mail.given_up:
        yield Concern(
            f"{_some(mail.given_up, 'mail was', 'mails were')} given up in the last "
            "week.",
            "`imagetrove mail queue` names address and reason; when that is put right, "
            "`imagetrove mail again` sends them.",
        )


def _some(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _list(words: list[str]) -> str:
    """Return a, b and c."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)

"""What a person has answered for a parked series, and the rules as it changes them.

An answer stands: it holds for later instances of the same series too.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from rules.decide import KEY
from rules.fields import Template
from rules.rule import ProjectField, Rule, Rules, Templates


@dataclass(frozen=True)
class Answer:
    """Where a series belongs, and what may be overlooked or made anew for it.

    `project` is a number, `experiment` the number of one that is there. `same_patient`:
    the study's PatientID and this one mean the same person. New UIDs are the
    catalogue's; the files stay as they were sent. `mended_uids` replaces those only
    that are missing or no UIDs. With `forget` the series is to be removed: what is
    parked of it (PARKED_PART), or what is registered under that UID, too.
    """

    project: str = ""
    experiment: int | None = None
    same_patient: bool = False
    new_study_uid: bool = False
    new_series_uid: bool = False
    mended_uids: bool = False
    forget: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What the answer adds to the reasons of a decision, in words."""
        words = {
            f"A person said that it belongs to project {self.project}.": self.project,
            f"A person put it into experiment {self.experiment}.": self.experiment,
            "A person said that it is the study's patient.": self.same_patient,
            "A person gave it a study of its own; its UID is ours.": self.new_study_uid,
            "A person made it a series of its own; its UID is ours.": (
                self.new_series_uid
            ),
            "Missing and illegal UIDs are replaced by ours.": self.mended_uids,
        }
        return tuple(sentence for sentence, holds in words.items() if holds)

    def as_json(self) -> dict[str, Any]:
        """Return what is answered, without what is not."""
        return {name: value for name, value in asdict(self).items() if value}


NO_ANSWER = Answer()
PARKED_PART = "parked"


def with_answer(rules: Rules, answer: Answer) -> Rules:
    """Return the rules as they are for a series that a person has answered for."""
    if not (answer.project or answer.experiment):
        return rules
    every = (*rules.rules, rules.default)
    *changed, default = (_with_answer(rule, rules.default, answer) for rule in every)
    return Rules(tuple(changed), default)


def _with_answer(rule: Rule, default: Rule, answer: Answer) -> Rule:
    key = rule.experiment_key or default.experiment_key or KEY
    if answer.experiment:
        # The experiment is known; its key is not looked at.
        nothing = Template(f"experiment {answer.experiment}")
        return replace(rule, project=(), experiment_key=(*key, nothing))
    return replace(
        rule,
        project=(Template(answer.project),),
        experiment_key=_in_key(rule, key, answer.project),
    )


def _in_key(rule: Rule, key: Templates, project: str) -> Templates:
    """Return a key in which the project stands as if the header had it.

    So it leads to the experiment of the series that were sent with it.
    """
    wanted = rule.project
    if not isinstance(wanted, ProjectField) or not wanted.pattern.fullmatch(project):
        return key
    return tuple(
        Template(one.text.replace(f"{{{wanted.keyword}}}", project)) for one in key
    )

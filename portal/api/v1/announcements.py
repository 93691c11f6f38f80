"""The bodies of ingest's calls, checked and made into the services' words."""

import json
import re
from typing import Any

from rest_framework import serializers

from portal.registration.announcement import (
    Batch,
    Misfits,
    SetAside,
    StoredInstance,
)
from portal.registration.polls import Poll
from rules.answer import Answer
from rules.decide import Decision, Institution, Origin, ParameterSet
from rules.question import Question

UNSAFE_TEXT = re.compile(r"\x00|[\ud800-\udfff]")
MD5 = r"^[0-9a-fA-F]{32}$"
# What PS3.5 9.1 allows, but leading zeros, which do no harm to a path.
NUMBERS = r"[0-9]+(\.[0-9]+)*"
UID = rf"^{NUMBERS}$"
PATH = rf"^dicom/{NUMBERS}/{NUMBERS}/{NUMBERS}(\.v[0-9]+)?\.dcm$"
HEADER_BYTES = 4 * 2**20
# The largest `bigint` of PostgreSQL.
LARGEST = 2**63 - 1


def checked(serializer: "serializers.BaseSerializer[Any]") -> Any:
    """Return what the serializer makes of the body, or answer 400 with the reason."""
    serializer.is_valid(raise_exception=True)
    return serializer.save()


class Text(serializers.CharField):
    """Any text, empty too, without what PostgreSQL cannot keep."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        return UNSAFE_TEXT.sub("", super().to_internal_value(data))


class Uid(serializers.RegexField):
    """A UID that is safe as a part of a path."""

    def __init__(self, **options: Any) -> None:
        super().__init__(UID, max_length=64, **options)


class Header(serializers.JSONField):
    """A header as ingest made it: an object of keywords, of bounded length.

    Its texts lose what PostgreSQL cannot keep, as `Text` does.
    """

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("a header is an object of keywords")
        if len(json.dumps(data, ensure_ascii=False)) > HEADER_BYTES:
            raise serializers.ValidationError("the header is too long")
        return {_safe(keyword): _safe(value) for keyword, value in data.items()}


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return UNSAFE_TEXT.sub("", value)
    if isinstance(value, list):
        return [_safe(one) for one in value]
    if isinstance(value, dict):
        return {_safe(keyword): _safe(one) for keyword, one in value.items()}
    return value


class OriginSerializer(serializers.Serializer[Origin]):
    calling_ae = Text()
    called_ae = Text()
    address = Text()

    def create(self, validated_data: dict[str, Any]) -> Origin:
        return Origin(**validated_data)


class AnswerSerializer(serializers.Serializer[Answer]):
    project = Text(required=False, max_length=100)
    experiment = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LARGEST
    )
    same_patient = serializers.BooleanField(required=False)
    new_study_uid = serializers.BooleanField(required=False)
    new_series_uid = serializers.BooleanField(required=False)
    mended_uids = serializers.BooleanField(required=False)

    def create(self, validated_data: dict[str, Any]) -> Answer:
        return Answer(**validated_data)


class InstitutionSerializer(serializers.Serializer[Institution]):
    name = Text()
    department = Text()
    address = Text()


class ParameterSetSerializer(serializers.Serializer[ParameterSet]):
    level = serializers.ChoiceField(["experiment", "dataset", "file"])
    namespace = serializers.CharField(max_length=255)
    name = serializers.CharField(max_length=50)
    parameters = serializers.DictField(child=Text())


class DecisionSerializer(serializers.Serializer[Decision]):
    rule = Text()
    facility = serializers.CharField(max_length=255)
    instrument = serializers.CharField(max_length=255)
    project = Text(max_length=100)
    experiment_key = serializers.CharField(max_length=1000)
    experiment_title = serializers.CharField()
    dataset_title = serializers.CharField()
    people = serializers.ListField(child=Text())
    groups = serializers.ListField(child=Text())
    reasons = serializers.ListField(child=Text())
    institution = InstitutionSerializer()
    operators = serializers.ListField(child=Text())
    parameter_sets = ParameterSetSerializer(many=True)

    def create(self, validated_data: dict[str, Any]) -> Decision:
        sets = validated_data["parameter_sets"]
        listed = ("people", "groups", "operators", "reasons")
        return Decision(
            **{
                **validated_data,
                **{words: tuple(validated_data[words]) for words in listed},
                "institution": Institution(**validated_data["institution"]),
                "parameter_sets": tuple(ParameterSet(**one) for one in sets),
            }
        )


class InstanceSerializer(serializers.Serializer[StoredInstance]):
    orthanc_instance = serializers.CharField(max_length=44)
    sop_instance_uid = Uid()
    sop_class_uid = Text(max_length=64)
    instance_number = serializers.IntegerField(
        allow_null=True, min_value=-(2**31), max_value=2**31 - 1
    )
    frames = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    transfer_syntax_uid = Text(max_length=64)
    size_bytes = serializers.IntegerField(min_value=0, max_value=LARGEST)
    md5 = serializers.RegexField(MD5)
    arrived_md5 = serializers.RegexField(MD5)
    path = serializers.RegexField(PATH, max_length=400)
    version = serializers.IntegerField(min_value=1, max_value=10_000)
    received = serializers.DateTimeField()


class BatchSerializer(serializers.Serializer[Batch]):
    orthanc_series = serializers.CharField(max_length=44)
    study_uid = Uid()
    series_uid = Uid()
    header = Header()
    decision = DecisionSerializer()
    origin = OriginSerializer()
    answer = AnswerSerializer(required=False)
    instances: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=InstanceSerializer(), allow_empty=False, max_length=500
    )

    def create(self, validated_data: dict[str, Any]) -> Batch:
        return Batch(
            **{
                **validated_data,
                "decision": DecisionSerializer().create(validated_data["decision"]),
                "origin": Origin(**validated_data["origin"]),
                "answer": Answer(**validated_data.get("answer", {})),
                "instances": tuple(
                    StoredInstance(**one) for one in validated_data["instances"]
                ),
            }
        )


class SetAsideSerializer(serializers.Serializer[SetAside]):
    orthanc_instance = serializers.CharField(max_length=44)
    sop_instance_uid = Text()
    size_bytes = serializers.IntegerField(min_value=0, max_value=LARGEST)
    md5 = serializers.RegexField(MD5)
    path = serializers.RegexField(
        r"^parked/[0-9a-f-]+/[0-9a-f-]+(\.v[0-9]+)?\.dcm$", max_length=255
    )
    received = serializers.DateTimeField()


class MisfitsSerializer(serializers.Serializer[Misfits]):
    orthanc_series = serializers.CharField(max_length=44)
    study_uid = Text()
    series_uid = Text()
    reason = serializers.CharField(max_length=4000)
    remedy = Text(max_length=4000)
    header = Header()
    origin = OriginSerializer()
    question = serializers.ChoiceField(
        [one.value for one in Question], default=Question.OTHER.value
    )
    answer = AnswerSerializer(allow_null=True, default=None)
    instances: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=SetAsideSerializer(), max_length=500
    )

    def create(self, validated_data: dict[str, Any]) -> Misfits:
        answer = validated_data["answer"]
        return Misfits(
            **{
                **validated_data,
                "origin": Origin(**validated_data["origin"]),
                "question": Question(validated_data["question"]),
                "answer": None if answer is None else Answer(**answer),
                "instances": tuple(
                    SetAside(**one) for one in validated_data["instances"]
                ),
            }
        )


class PollSerializer(serializers.Serializer[Poll]):
    generation = Text(max_length=64)
    last_change = serializers.IntegerField(min_value=0, max_value=LARGEST)
    newest_change = serializers.IntegerField(min_value=0, max_value=LARGEST)
    lag_seconds = serializers.FloatField(min_value=0)
    mode = serializers.ChoiceField(["link", "copy"])
    error = Text(max_length=4000)
    version = Text(max_length=32)

    def create(self, validated_data: dict[str, Any]) -> Poll:
        return Poll(**validated_data)


class CompleteSerializer(serializers.Serializer[dict[str, str]]):
    orthanc_series = serializers.CharField(max_length=44)
    series_uid = Uid()

    def create(self, validated_data: dict[str, str]) -> dict[str, str]:
        return validated_data


class ForgottenSerializer(serializers.Serializer[dict[str, str]]):
    orthanc_series = serializers.CharField(max_length=44)

    def create(self, validated_data: dict[str, str]) -> dict[str, str]:
        return validated_data

import msgspec
import pytest

from autoscalper.parser.claims import Answer, Claim, Deed, Unread
from autoscalper.parser.llm_client import _Claim

CLAIM = Claim(
    deed=Deed.EXIT,
    words="bye",
    underlying="KO",
    strike=None,
    right=None,
    expiry=None,
    price=None,
    average=None,
    fraction=None,
    quantity=None,
    stop=None,
    targets=("1.10",),
)


@pytest.mark.parametrize("answer", [CLAIM, Unread(reason="is away", is_final=False)])
def test_an_answer_survives_being_kept(answer: Answer) -> None:
    kept = msgspec.msgpack.encode(answer)
    assert msgspec.msgpack.decode(kept, type=Answer) == answer


def test_the_model_is_asked_for_exactly_the_fields_of_a_claim() -> None:
    fields = {field.name for field in msgspec.structs.fields(Claim)}
    assert set(_Claim.model_fields) == fields
    assert all(field.is_required() for field in _Claim.model_fields.values())


def test_the_model_may_name_exactly_the_deeds_that_there_are() -> None:
    annotation = _Claim.model_fields["deed"].annotation
    assert set(getattr(annotation, "__args__", ())) == {deed.value for deed in Deed}

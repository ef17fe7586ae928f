from typing import get_args

from autoscalper.simulator import requests


def test_every_request_belongs_to_one_desk() -> None:
    desks = (
        requests.OrderRequest,
        requests.AccountRequest,
        requests.QuoteRequest,
        requests.ReferenceRequest,
        requests.PlainRequest,
    )
    members = [member for desk in desks for member in get_args(desk)]
    assert len(members) == len(set(members))
    assert set(members) == set(get_args(requests.Request))

import pytest

from autoscalper.simulator import model

DAY = 86_400.0


def value(strike: float, *, is_call: bool = True, seconds: float = 7 * DAY) -> model.Greeks:
    return model.evaluate(
        spot=685.0, strike=strike, seconds=seconds, is_call=is_call, volatility=0.22
    )


def test_call_and_put_differ_by_the_intrinsic_value() -> None:
    call, put = value(690.0), value(690.0, is_call=False)
    assert call.value - put.value == pytest.approx(685.0 - 690.0)
    assert call.delta - put.delta == pytest.approx(1.0)


def test_a_higher_strike_and_a_nearer_expiry_make_a_call_cheaper() -> None:
    assert value(690.0).value < value(680.0).value
    assert value(690.0, seconds=DAY).value < value(690.0).value


def test_an_expired_option_is_worth_what_exercise_brings() -> None:
    assert value(650.0, seconds=-DAY).value == pytest.approx(35.0, abs=0.01)
    assert value(720.0, seconds=0).value == pytest.approx(0.0, abs=0.01)


def test_delta_is_the_slope_of_the_value() -> None:
    def at(spot: float) -> model.Greeks:
        return model.evaluate(
            spot=spot, strike=690.0, seconds=7 * DAY, is_call=True, volatility=0.22
        )

    assert at(685.0).delta == pytest.approx((at(685.5).value - at(684.5).value), rel=1e-3)
    assert at(685.0).gamma == pytest.approx((at(685.5).delta - at(684.5).delta), rel=1e-2)

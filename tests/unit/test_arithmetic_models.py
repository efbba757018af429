"""Golden models of the arithmetic families against facts from outside: published check values,
periods of primitive polynomials, identities that define a code."""

import pytest

from hwgen.tasks.families.crc import POLYNOMIALS
from hwgen.tasks.families.gray import decode, encode
from hwgen.tasks.families.lfsr import TAPS
from hwgen.tasks.families.rings import gray_codes, ring_codes
from hwgen.tasks.library import get_task
from hwgen.tasks.rows import bit, crossed, extremes, grown, signed, sliced


def run(task_id: str, rows: list[dict[str, int]], out: str) -> list[int]:
    model = get_task(task_id).golden()
    model.reset()
    return [model.step(row)[out] for row in rows]


# Check values of the message "123456789" in G. Cook's catalogue of parametrised CRC algorithms:
# CRC-8/SMBUS, 16/UMTS, 16/XMODEM, 16/IBM-3740, 16/GENIBUS, 32/MPEG-2, 32/BZIP2.
@pytest.mark.parametrize(
    ("choice", "check"),
    [
        ("polynomial=crc8", 0xF4),
        ("polynomial=crc16_ibm", 0xFEE8),
        ("polynomial=crc16_ccitt", 0x31C3),
        ("polynomial=crc16_ccitt,start=ones", 0x29B1),
        ("polynomial=crc16_ccitt,start=ones,final=inverted", 0xD64E),
        ("polynomial=crc32,start=ones", 0x0376E6E7),
        ("polynomial=crc32,start=ones,final=inverted", 0xFC891918),
    ],
)
def test_crc_gives_the_published_check_values(choice: str, check: int) -> None:
    rows = [{"d": byte, "en": 1} for byte in b"123456789"]
    assert run(f"crc:data=8,{choice}", rows, "value")[-1] == check


# Reflected algorithms show the register mirrored: 8/MAXIM, 16/ARC, 16/KERMIT, 32/ISO-HDLC, 5/USB.
@pytest.mark.parametrize(
    ("choice", "check"),
    [
        ("polynomial=crc8_maxim", 0xA1),
        ("polynomial=crc16_ibm", 0xBB3D),
        ("polynomial=crc16_ccitt", 0x2189),
        ("polynomial=crc32,start=ones,final=inverted", 0xCBF43926),
        ("polynomial=crc5,start=ones,final=inverted", 0x19),
    ],
)
def test_crc_takes_bytes_least_significant_bit_first(choice: str, check: int) -> None:
    rows = [{"d": byte, "en": 1} for byte in b"123456789"]
    value = run(f"crc:data=8,order=lsb,{choice}", rows, "value")[-1]
    width = POLYNOMIALS[choice.split(",")[0].partition("=")[2]][0]
    assert int(f"{value:0{width}b}"[::-1], 2) == check


def test_crc_of_bits_and_of_bytes_agree() -> None:
    bits = [{"d": byte >> k & 1, "en": 1} for byte in b"data" for k in reversed(range(8))]
    words = [{"d": byte, "en": 1} for byte in b"data"]
    for name in POLYNOMIALS:
        serial = run(f"crc:data=1,polynomial={name}", bits, "value")
        assert serial[7::8] == run(f"crc:data=8,polynomial={name}", words, "value")


def _times(a: int, b: int, polynomial: int, width: int) -> int:
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1, b >> 1
        a = a ^ polynomial if a >> width else a
    return product


def _power(exponent: int, polynomial: int, width: int) -> int:
    result, base = 1, 2
    while exponent:
        result = _times(result, base, polynomial, width) if exponent & 1 else result
        base, exponent = _times(base, base, polynomial, width), exponent >> 1
    return result


def _prime_factors(number: int) -> set[int]:
    found, divisor = set(), 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.add(divisor)
            number //= divisor
        divisor += 1
    return found | ({number} if number > 1 else set())


@pytest.mark.parametrize("width", TAPS)
def test_lfsr_polynomials_are_primitive(width: int) -> None:
    polynomial, period = 1 | 1 << width | sum(1 << tap for tap in TAPS[width]), (1 << width) - 1
    assert _power(period, polynomial, width) == 1
    assert 1 not in [_power(period // p, polynomial, width) for p in _prime_factors(period)]


@pytest.mark.parametrize("form", ["fibonacci", "galois"])
@pytest.mark.parametrize("way", ["left", "right"])
@pytest.mark.parametrize("width", [3, 5, 8, 12])
def test_lfsr_models_visit_every_state_but_zero(form: str, way: str, width: int) -> None:
    period = (1 << width) - 1
    task = f"lfsr:width={width},form={form},dir={way},enable=0"
    states = run(task, [{}] * (period + 1), "q")
    assert len(set(states)) == period
    assert 0 not in states
    assert states[-1] == states[0]


def test_gray_code_moves_one_bit_at_a_time_and_comes_back() -> None:
    for width in (2, 5, 9):
        codes = [encode(n, width) for n in range(1 << width)]
        assert [decode(code, width) for code in codes] == list(range(1 << width))
        assert codes == gray_codes(width)
        assert all(
            (a ^ b).bit_count() == 1 for a, b in zip(codes, codes[1:] + codes[:1], strict=True)
        )


def test_rings_are_closed() -> None:
    assert ring_codes("ring", 3) == [1, 2, 4]
    assert ring_codes("johnson", 3) == [0b000, 0b001, 0b011, 0b111, 0b110, 0b100]


def test_requantise_rounds_half_to_even() -> None:
    task = "requantise:in_width=8,shift=2,out_width=6"
    wanted = {2: 0, 6: 2, 10: 2, 3: 1, 256 - 2: 0, 256 - 6: 64 - 2, 256 - 10: 64 - 2, 127: 31}
    assert run(task, [{"x": x} for x in wanted], "y") == list(wanted.values())


def test_division_by_zero_and_its_time() -> None:
    model = get_task("seq_divider:width=4,sign=signed").golden()
    model.reset()
    seen = [model.step({"start": int(n == 0), "n": 9, "d": 0}) for n in range(6)]
    assert [s["busy"] for s in seen] == [1, 1, 1, 1, 0, 0]
    assert [s["done"] for s in seen] == [0, 0, 0, 0, 1, 0]
    assert (seen[-1]["q"], seen[-1]["r"]) == (15, 9)


def test_rows_and_words_around_the_models() -> None:
    assert [signed(v, 4) for v in (0, 7, 8, 15)] == [0, 7, -8, -1]
    assert (bit("a", 0, 1), bit("a", 2, 4), sliced("a", 3, 3)) == ("a", "a[2]", "a[3]")
    assert grown("a", 4, 6, True) == "{{2{a[3]}}, a}"
    assert grown("a", 4, 4, False) == "a"
    assert extremes(1) == [0, 1]
    assert crossed([("a", (0, 1)), ("b", (5,))]) == [{"a": 0, "b": 5}, {"a": 1, "b": 5}]

from alpha_oracle.research.compiled import compiled

FACTOR = 5


def doubled(value):
    return value * 2


def doubled_plus_one(value):
    return doubled(value) + 1


def tripled(value):
    return value * 3


def test_a_function_is_compiled_with_what_it_calls_and_stays_plain():
    fast = compiled(doubled_plus_one, calls=(doubled,))
    assert fast(20) == 41
    assert fast.signatures
    assert not hasattr(doubled, "signatures")


def test_a_changed_callee_gets_other_machine_code():
    name = compiled(doubled_plus_one, calls=(doubled,)).py_func.__qualname__
    other = compiled(doubled_plus_one, calls=(doubled, tripled)).py_func.__qualname__
    assert name != other


def raised(value):
    return value * FACTOR


def test_a_changed_constant_gets_other_machine_code(monkeypatch):
    name = compiled(doubled_plus_one, calls=(doubled, raised)).py_func.__qualname__
    again = compiled(doubled_plus_one, calls=(doubled, raised)).py_func.__qualname__
    monkeypatch.setitem(globals(), "FACTOR", 6)
    other = compiled(doubled_plus_one, calls=(doubled, raised)).py_func.__qualname__
    assert name == again
    assert name != other

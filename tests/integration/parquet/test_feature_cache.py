"""Features through the cache on disk: what is read, recomputed, written, lost and mended."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.adapters.parquet.parts import SESSIONS_A_GROUP
from alpha_oracle.features import registry
from alpha_oracle.features.declaration import declare
from alpha_oracle.features.series import growth
from alpha_oracle.features.store import FeatureStore, feature_keys
from tests.unit.features.panels import a_panel_with_gaps, a_whole_panel, without

NAMES = ["rsi_14", "macd_signal", "volume_ratio_20"]
ROOMY = 1 << 30
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "features"


@pytest.fixture
def cache(folder):
    return ParquetFeatureCache(folder, max_bytes=ROOMY)


@pytest.fixture
def store(cache):
    return FeatureStore(cache)


@pytest.fixture(scope="module")
def panel():
    return a_panel_with_gaps()


def parts(folder):
    return sorted(folder.glob("*.parquet"))


def columns_and_sessions(path):
    header = json.loads(pq.read_metadata(path).metadata[b"alpha_oracle.features"])
    return sorted(header["columns"]), len(header["sessions"])


def fresh(panel, names=NAMES):
    return {
        feature.name: feature.compute(panel).astype(np.float32) for feature in registry.named(names)
    }


def assert_same(actual, expected):
    assert list(actual) == list(expected)
    for name, values in expected.items():
        assert actual[name].dtype == np.float32
        np.testing.assert_array_equal(actual[name], values)


def found(cache, panel, names=NAMES):
    keys = feature_keys(panel, registry.named(names))
    answer = cache.load(keys, sessions=panel.sessions, symbols=panel.symbols)
    return {name: int(answer[name].found.sum()) if name in answer else 0 for name in names}


def test_values_are_the_same_computed_and_read(store, cache, panel):
    assert_same(store.compute(panel, NAMES), fresh(panel))
    assert found(cache, panel) == dict.fromkeys(NAMES, len(panel.sessions))
    assert_same(store.compute(panel, NAMES), fresh(panel))


EVERY_KIND = [
    *NAMES,
    "vix_level",
    "roe",
    "pe_ttm",
    "insider_purchases_63",
    "roe_sector_percentile",
    "return_21_rank",
]


def test_a_new_session_of_every_kind_is_that_of_the_whole(store, folder, panel):
    """Ranks read their features from what was found, or from what was computed with them."""
    store.compute(panel.until(panel.sessions[-2].item()), EVERY_KIND)
    before = parts(folder)
    assert_same(store.compute(panel, EVERY_KIND), fresh(panel, EVERY_KIND))
    (new,) = set(parts(folder)) - set(before)
    assert columns_and_sessions(new) == (sorted(EVERY_KIND), 4)
    assert_same(store.compute(panel, EVERY_KIND), fresh(panel, EVERY_KIND))
    assert_same(store.compute(panel, ["roe_sector_percentile"]), fresh(panel, EVERY_KIND[-2:-1]))


def test_a_rank_alone_is_computed_from_the_feature_found(store, cache, panel):
    store.compute(panel, ["roe"])
    names = ["roe", "roe_sector_percentile"]
    assert found(cache, panel, names) == {"roe": len(panel.sessions), "roe_sector_percentile": 0}
    assert_same(store.compute(panel, names), fresh(panel, names))


def test_a_new_report_recomputes_what_reads_reports(store, cache, panel):
    store.compute(panel, EVERY_KIND)
    reports = panel.context.reports
    entry = int(reports.offsets[1]) + 2
    values = {name: held.copy() for name, held in reports.values.items()}
    values["net_income_ttm"][entry] *= 2.0
    context = replace(panel.context, reports=replace(reports, values=values))
    revised = replace(panel, context=context)
    row, whole = int(reports.row[entry]), len(panel.sessions)
    expected = dict.fromkeys(EVERY_KIND, whole)
    expected |= dict.fromkeys(["roe", "pe_ttm", "roe_sector_percentile"], row)
    assert found(cache, revised, EVERY_KIND) == expected
    assert_same(store.compute(revised, EVERY_KIND), fresh(revised, EVERY_KIND))


def test_a_bulk_computation_writes_few_features_to_a_part_over_all_sessions(folder, panel):
    two_wide = 2 * len(panel.sessions) * len(panel.symbols)
    cache = ParquetFeatureCache(folder, max_bytes=ROOMY, values_a_part=two_wide)
    assert_same(FeatureStore(cache).compute(panel, NAMES), fresh(panel))
    sessions = len(panel.sessions)
    expected = [(sorted(NAMES[:2]), sessions), (NAMES[2:], sessions)]
    assert sorted(map(columns_and_sessions, parts(folder))) == sorted(expected)
    assert found(cache, panel) == dict.fromkeys(NAMES, sessions)


def test_what_is_cached_is_not_written_again(store, folder, panel):
    store.compute(panel, NAMES)
    before = [(path.name, path.stat().st_ino) for path in parts(folder)]
    store.compute(panel, NAMES)
    assert [(path.name, path.stat().st_ino) for path in parts(folder)] == before


@pytest.mark.parametrize(("number", "first"), [(419, 419), (418, 417), (384, 321), (256, 193)])
def test_a_new_session_is_written_with_few_before_it(store, folder, panel, number, first):
    """As many as the power of two in its number, at most 64."""
    now = panel.until(panel.sessions[number - 1].item())
    store.compute(panel.until(panel.sessions[number - 2].item()), NAMES)
    before = parts(folder)
    assert_same(store.compute(now, NAMES), fresh(now))
    new = max(set(parts(folder)) - set(before))
    assert new.name.startswith(f"{panel.sessions[first - 1]}_{panel.sessions[number - 1]}_")
    assert columns_and_sessions(new) == (sorted(NAMES), number - first + 1)


def test_what_was_kept_day_by_day_is_read_from_a_handful_of_parts(store, cache, folder, panel):
    for session in panel.sessions[-128:]:
        store.compute(panel.until(session.item()), NAMES)
    assert len(parts(folder)) > 100
    for path in parts(folder):
        os.utime(path, (0, 0))
    assert found(cache, panel) == dict.fromkeys(NAMES, len(panel.sessions))
    assert sum(path.stat().st_mtime > 0 for path in parts(folder)) <= 10
    assert_same(store.compute(panel, NAMES), fresh(panel))


def test_a_panel_without_symbols_is_not_kept(store, folder, panel):
    nothing = replace(
        panel, symbols=(), **{name: getattr(panel, name)[:, :0] for name in fields_of(panel)}
    )
    for _ in range(2):
        assert store.compute(nothing, NAMES)["rsi_14"].shape == (len(panel.sessions), 0)
    assert parts(folder) == []


def test_only_the_sessions_asked_for_are_returned_and_kept(store, folder, panel):
    first = panel.sessions[-3].item()
    values = store.compute(panel, NAMES, first=first)
    assert_same(values, {name: rows[-3:] for name, rows in fresh(panel).items()})
    assert [columns_and_sessions(path)[1] for path in parts(folder)] == [3]


def test_a_changed_formula_recomputes_only_its_own_feature(store, folder, panel):
    def rsi_14(close):
        """Another formula by the same name."""
        return growth(close, 3)

    store.compute(panel, NAMES)
    before = parts(folder)
    changed = declare(rsi_14, group="technical", inputs=("close",), lookback_sessions=4)
    values = store.values(panel, [changed, *registry.named(NAMES[1:])])
    new = set(parts(folder)) - set(before)
    assert {tuple(columns_and_sessions(path)[0]) for path in new} == {("rsi_14",)}
    np.testing.assert_array_equal(values["rsi_14"], changed.compute(panel).astype(np.float32))
    np.testing.assert_array_equal(values["macd_signal"], fresh(panel)["macd_signal"])


def test_a_revised_bar_recomputes_what_follows_it_and_nothing_else(store, cache, panel):
    store.compute(panel, NAMES)
    close = panel.close.copy()
    close[300, 0] *= 1.01
    revised = replace(panel, close=close)
    whole = len(panel.sessions)
    assert found(cache, revised) == {"rsi_14": 300, "macd_signal": 300, "volume_ratio_20": whole}
    assert_same(store.compute(revised, NAMES), fresh(revised))
    assert_same(store.compute(panel, NAMES), fresh(panel))


def test_a_newly_listed_symbol_leaves_what_was_before_it(store, cache, panel):
    late = np.zeros(panel.close.shape, dtype=np.bool_)
    late[:400, 0] = True
    listed = without(panel, late)
    fields = {name: getattr(listed, name)[:, 1:] for name in fields_of(listed)}
    names = [*NAMES, "amihud_illiquidity_20"]
    store.compute(replace(listed, symbols=listed.symbols[1:], **fields), names)
    assert found(cache, listed, names) == dict.fromkeys(names, 400)
    assert_same(store.compute(listed, names), fresh(listed, names))


def fields_of(panel):
    return [
        name
        for name in type(panel).__dataclass_fields__
        if name not in {"symbols", "sessions", "context"}
    ]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:0],
        lambda content: content[:200] + bytes([content[200] ^ 0xFF]) + content[201:],
        lambda content: content.replace(b'"rsi_14"', b'"rsi_41"'),
        lambda content: b"not a part" + content,
    ],
    ids=["torn", "empty", "a bit flipped in a page", "a changed footer", "another file"],
)
def test_a_broken_part_is_removed_and_computed_again(store, folder, panel, damage):
    expected = store.compute(panel, NAMES)
    broken = parts(folder)[0]
    broken.write_bytes(damage(broken.read_bytes()))
    damaged = broken.read_bytes()
    assert_same(store.compute(panel, NAMES), expected)
    assert broken.read_bytes() != damaged
    assert_same(store.compute(panel, NAMES), expected)


def pages_of(path):
    """Where the middle of each column lies in each row group, and how it is packed."""
    metadata = pq.read_metadata(path)
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            yield chunk.data_page_offset + chunk.total_compressed_size // 2, chunk.compression


def test_a_flipped_bit_is_noticed_in_every_page_packed_or_not(folder):
    panel, names = a_whole_panel(symbols=8, sessions=420), ["return_1", "vix_level"]
    expected = FeatureStore(ParquetFeatureCache(folder, max_bytes=ROOMY)).compute(panel, names)
    (part,) = parts(folder)
    content, pages = part.read_bytes(), list(pages_of(part))
    assert [packed for _, packed in pages] == ["UNCOMPRESSED", "LZ4"] * 2
    for at, _ in pages:
        part.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        cache = ParquetFeatureCache(folder, max_bytes=ROOMY)
        assert found(cache, panel, names) == dict.fromkeys(names, 0)
        assert parts(folder) == []
    part.write_bytes(content)
    assert_same(FeatureStore(cache).compute(panel, names), expected)
    assert part.read_bytes() == content


def test_a_bit_flipped_since_the_footer_was_read_is_noticed(store, cache, folder, panel):
    expected = store.compute(panel, NAMES)
    assert found(cache, panel) == dict.fromkeys(NAMES, len(panel.sessions))
    (part,) = parts(folder)
    content = part.read_bytes()
    part.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    assert_same(store.compute(panel, NAMES), expected)
    assert part.read_bytes() == content


def test_a_part_of_another_format_is_dropped(store, folder, panel):
    expected = store.compute(panel, NAMES)
    (part,) = parts(folder)
    older = part.read_bytes().replace(b'"format":4', b'"format":3')
    part.write_bytes(older)
    header = pq.read_metadata(part).metadata[b"alpha_oracle.features"]
    assert b'"format":3' in header
    first, last, _ = part.name.split("_")
    named = f"{first}_{last}_{hashlib.blake2b(header, digest_size=12).hexdigest()}.parquet"
    part.rename(folder / named)
    assert_same(store.compute(panel, NAMES), expected)
    assert parts(folder) == [part]


def test_only_the_sessions_and_columns_asked_for_are_read(store, folder, panel):
    """What is damaged elsewhere in the part is not noticed: the first column's first sessions."""
    expected = store.compute(panel, NAMES)
    (part,) = parts(folder)
    content = part.read_bytes()
    part.write_bytes(content[:200] + bytes([content[200] ^ 0xFF]) + content[201:])
    first = panel.sessions[SESSIONS_A_GROUP].item()
    asked = store.compute(panel, NAMES, first=first)
    assert_same(asked, {name: values[SESSIONS_A_GROUP:] for name, values in expected.items()})
    assert_same(store.compute(panel, NAMES[1:]), {name: expected[name] for name in NAMES[1:]})
    assert parts(folder) == [part]
    assert_same(store.compute(panel, NAMES), expected)
    assert part.read_bytes() == content


def test_sessions_kept_twice_are_read_once(store, cache, folder, panel):
    expected = store.compute(panel, NAMES)
    last = slice(len(panel.sessions) - 2, None)
    keys = feature_keys(panel, registry.named(NAMES))
    cache.save(
        {name: key.of(last) for name, key in keys.items()},
        {name: values[last] for name, values in expected.items()},
        sessions=panel.sessions[last],
        symbols=panel.symbols,
    )
    assert len(parts(folder)) == 2
    assert_same(store.compute(panel, NAMES), expected)


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path, panel):
    (tmp_path / "features").write_text("in the way")
    store = FeatureStore(ParquetFeatureCache(tmp_path / "features", max_bytes=ROOMY))
    assert_same(store.compute(panel, NAMES), fresh(panel))


def test_a_part_the_system_will_not_open_counts_as_a_miss(store, folder, panel):
    expected = store.compute(panel, NAMES)
    closed = parts(folder)[0]
    closed.unlink()
    closed.symlink_to(closed)
    assert_same(store.compute(panel, NAMES), expected)


def test_the_parts_not_read_for_longest_go_first(folder, panel):
    one_wide = ParquetFeatureCache(folder, max_bytes=ROOMY, values_a_part=1)
    FeatureStore(one_wide).compute(panel, NAMES)
    for age, path in enumerate(parts(folder)):
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    oldest = parts(folder)[-1]
    size = sum(path.stat().st_size for path in parts(folder))
    bounded = ParquetFeatureCache(folder, max_bytes=size)
    FeatureStore(bounded).compute(panel, ["adx_14"], first=panel.sessions[-1].item())
    assert oldest not in parts(folder)
    assert len(parts(folder)) == len(NAMES)
    assert bounded.size_bytes() == sum(path.stat().st_size for path in parts(folder)) <= size


def test_an_empty_cache_takes_nothing(cache):
    assert cache.size_bytes() == 0


def test_readers_and_writers_at_once_see_whole_values(folder, panel):
    expected = fresh(panel)

    def one(_):
        store = FeatureStore(ParquetFeatureCache(folder, max_bytes=ROOMY))
        assert_same(store.compute(panel, NAMES), expected)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    assert not list(folder.glob("*.unfinished"))


WRITER = """
import os
import sys
from pathlib import Path
from alpha_oracle.adapters.parquet import parts
from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.features.store import FeatureStore
from tests.unit.features.panels import a_panel_with_gaps

whole = parts._write


def interrupted(path, header, values):
    whole(path, header, values)
    os.write(1, b"writing\\n")
    sys.stdin.read()


parts._write = interrupted
cache = ParquetFeatureCache(Path(sys.argv[1]), max_bytes=1 << 30)
FeatureStore(cache).compute(a_panel_with_gaps(), ["rsi_14"])
"""


def test_a_writer_killed_in_the_middle_leaves_a_readable_store(store, folder, panel):
    store.compute(panel, ["macd_signal"])
    before = parts(folder)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout.readline() == b"writing\n"
        assert list(folder.glob("*.unfinished"))
        assert_same(store.compute(panel, ["macd_signal"]), fresh(panel, ["macd_signal"]))
        writer.send_signal(signal.SIGKILL)
    assert parts(folder) == before
    assert_same(store.compute(panel, NAMES), fresh(panel))
    assert not list(folder.glob("*.unfinished"))

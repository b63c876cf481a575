"""Packages of users, as an installer would leave them in a folder."""

from textwrap import dedent

GROUP = "alpha_oracle.strategies"


def install(folder, distribution, *, module, source, entries, version="1.0"):
    """Put a module and the record of its distribution into a folder.

    `entries` are the entry points of its strategies: `{name: "module:Class"}`.
    """
    (folder / f"{module}.py").write_text(dedent(source))
    record = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    points = [f"{name} = {value}" for name, value in entries.items()]
    (record / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *points, ""]))

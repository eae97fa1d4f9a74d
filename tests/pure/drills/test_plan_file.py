from __future__ import annotations

import pytest

from mongorestore_async.drills import (
    DrillCheck,
    DrillCluster,
    DrillServer,
    DrillTarget,
    SnapshotRule,
    parse_plan,
    read_plan,
)
from mongorestore_async.errors import ConfigError

HEAD = 'name = "weekly"\nfamily = "ops-manager"\n'
ONE = '[[cluster]]\nproject = "p"\ncluster = "orders"\n'

WHOLE = """
format = 1
name = "weekly"
family = "ops-manager"
parallel = 2
stop_after = 3
rto = "2h"
rpo = "P1D"
timeout = "6h"
unpacked_limit = 1000000

[server]
binary = "/usr/bin/mongod"
timeout = "1m"

[[cluster]]
name = "users"
project = "p"
cluster = "c1"
target = { project = "drills", cluster = "t1" }
snapshot = { which = "oldest", older_than = "1d" }

[[cluster]]
project = "p"
cluster = "c2"
after = ["users"]
rto = "30m"
timeout = "1h"
snapshot = { id = "5f" }
at_least = true
keep = true
archive = false
namespaces = { "shop.orders" = 20000, "shop.none" = 0 }

[[cluster.check]]
name = "totals"
call = "checks.shop:totals"

[[cluster.check]]
name = "script"
command = ["./check", "{archive}"]
timeout = "90s"
"""


def test_a_whole_plan_is_read():
    plan = parse_plan(WHOLE)
    users, orders = plan.clusters

    assert (plan.parallel, plan.stop_after, plan.unpacked_limit) == (2, 3, 1_000_000)
    assert plan.server is not None
    assert plan.server.command[:3] == ("/usr/bin/mongod", "--dbpath", "{directory}")
    assert users == DrillCluster(
        name="users",
        project="p",
        cluster="c1",
        target=DrillTarget("drills", "t1"),
        snapshot=SnapshotRule(kind="oldest", older_than=86400),
        rto=7200,
        rpo=86400,
        timeout=21600,
    )
    assert orders == DrillCluster(
        name="c2",
        project="p",
        cluster="c2",
        snapshot=SnapshotRule(kind="id", id="5f"),
        rto=1800,
        rpo=86400,
        timeout=3600,
        after=("users",),
        archive=False,
        at_least=True,
        keep=True,
        namespaces={"shop.orders": 20000, "shop.none": 0},
        checks=(
            DrillCheck(name="totals", call="checks.shop:totals"),
            DrillCheck(name="script", command=("./check", "{archive}"), timeout=90),
        ),
    )
    assert [users.place, orders.place] == ["drills/t1", "download"]


def test_a_small_plan_has_sensible_defaults():
    plan = parse_plan(HEAD + ONE)

    assert (plan.parallel, plan.stop_after, plan.server) == (4, None, None)
    assert plan.clusters == (DrillCluster(name="orders", project="p", cluster="orders"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "the plan is no TOML: "),
        (f"a = {'[' * 5000}", "the plan is no TOML: "),
        (f"{HEAD}parallel = {'9' * 5000}\n{ONE}", "the plan is no TOML: "),
        (f"format = 2\n{HEAD}{ONE}", r"^format: is 2: this version reads 1"),
        (f'name = ""\nfamily = "ops-manager"\n{ONE}', "^name: is empty"),
        (f'name = "x"\n{ONE}', "^family: is missing"),
        (f'name = "x"\nfamily = "opsmanager"\n{ONE}', "^family: is 'opsmanager'; families are .*ops-manager"),
        (HEAD, "names no cluster"),
        (f'{HEAD}parallel = "4"\n{ONE}', "^parallel: must be a whole number, not a text"),
        (f"{HEAD}parallel = true\n{ONE}", "^parallel: must be a whole number, not true or false"),
        (f"{HEAD}parallel = 2026-11-29\n{ONE}", "^parallel: must be a whole number, not date"),
        (f"{HEAD}stop_after = 0\n{ONE}", "^stop_after: must be at least 1, not 0"),
        (f'{HEAD}rto = "30M"\n{ONE}', "^rto: '30M' is no duration: months"),
        (f"{HEAD}paralel = 4\n{ONE}", "^paralel: is no key of this table"),
        (f"{HEAD}cluster = [1]\n", r"^cluster: must be an array of tables: \[\[cluster\]\]"),
        (f'{HEAD}[[cluster]]\ncluster = "c"\n', r"^cluster\[1\]\.project: is missing"),
        (
            f'{HEAD}[[cluster]]\nproject = ".."\ncluster = "c"\n',
            r"^cluster\[1\]\.project: an id must not contain '\.\.'",
        ),
        (f'{HEAD}[[cluster]]\nproject = "p"\ncluster = "a/b"\n', r"^cluster\[1\]\.cluster: an id must not contain '/'"),
        (f'{HEAD}{ONE}snapshot = {{ id = "" }}\n', r"^cluster\[1\]\.snapshot\.id: snapshot id is empty"),
        (
            f'{HEAD}{ONE}target = {{ project = "p", cluster = "http://x" }}\n',
            r"^cluster\[1\]\.target\.cluster: an id must not contain",
        ),
        (f'{HEAD}{ONE}rto = "0s"\n', r"^cluster\[1\]\.rto: '0s' is no duration"),
        (f"{HEAD}{ONE}after = [1]\n", r"^cluster\[1\]\.after: must be an array of texts"),
        (f"{HEAD}{ONE}rpos = 1\n", r"^cluster\[1\]\.rpos: is no key"),
        (f'{HEAD}{ONE}target = {{ project = "p" }}\n', r"^cluster\[1\]\.target\.cluster: is missing"),
        (f'{HEAD}{ONE}target = {{ project = "p", cluster = "c", x = 1 }}\n', r"^cluster\[1\]\.target\.x: is no key"),
        (f'{HEAD}{ONE}namespaces = {{ "a.b" = -1 }}\n', r"^cluster\[1\]\.namespaces\.a\.b: must be at least 0"),
        (f"{HEAD}{ONE}may_shrink_percent = 101\n", r"^cluster\[1\]\.may_shrink_percent: must be at most 100"),
        (f'{HEAD}{ONE}snapshot = {{ which = "best" }}\n', r"^cluster\[1\]\.snapshot\.which: is 'best'"),
        (f'{HEAD}{ONE}snapshot = {{ which = "id" }}\n', r"^cluster\[1\]\.snapshot\.which: is 'id'"),
        (f'{HEAD}{ONE}snapshot = {{ id = "a", older_than = "1d" }}\n', r"^cluster\[1\]\.snapshot\.id: a snapshot rule"),
        (f'{HEAD}{ONE}[[cluster.check]]\nname = "c"\n', r"^cluster\[1\]\.check\[1\]\.command: check 'c' needs either"),
        (
            f'{HEAD}{ONE}[[cluster.check]]\nname = "c"\ncall = "os.system"\n',
            r"^cluster\[1\]\.check\[1\]\.call: call of check 'c' must be package.module:function",
        ),
        (f'{HEAD}[server]\nbinary = "m"\narguments = ["x"]\n{ONE}', r"^server\.arguments: .* has no \{directory\}"),
        (f'{HEAD}{ONE}after = ["x"]\n', "after of cluster 'orders' names 'x'"),
        (f'{HEAD}{ONE}after = ["orders"]\n', "wait for each other: orders -> orders"),
        (f"{HEAD}{ONE}{ONE}", "two clusters of the plan are called 'orders'"),
        (
            f'{HEAD}{ONE}target = {{ project = "P", cluster = "Orders" }}\n',
            "target of cluster 'orders' is the cluster that 'orders' is a copy of",
        ),
        (
            (
                f'{HEAD}{ONE}target = {{ project = "d", cluster = "t" }}\n'
                f'[[cluster]]\nproject = "p"\ncluster = "b"\ntarget = {{ project = "D", cluster = "T" }}\n'
            ),
            "clusters 'orders' and 'b' have one target",
        ),
    ],
)
def test_a_refusal_names_the_table_and_the_key(text, told):
    with pytest.raises(ConfigError, match=told):
        parse_plan(text)


def test_a_plan_file_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "plan.toml"
    with pytest.raises(ConfigError, match=r"plan\.toml cannot be read: No such file"):
        read_plan(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"plan\.toml cannot be read: it is no UTF-8"):
        read_plan(path)
    path.write_text(HEAD + ONE, encoding="utf-8-sig")
    assert read_plan(path).name == "weekly"


def test_values_are_checked_without_a_file_too():
    with pytest.raises(ConfigError, match="project id must not contain"):
        DrillCluster(name="x", project="a/b", cluster="c")
    with pytest.raises(ConfigError, match="target's cluster id must not contain"):
        DrillTarget("p", "..")
    with pytest.raises(ConfigError, match="format of the plan is 2"):
        parse_plan(HEAD + ONE).__class__(name="x", family="y", clusters=(), format=2)
    with pytest.raises(ConfigError, match="needs the path of a mongod"):
        DrillServer(command=())
    with pytest.raises(ConfigError, match=r"has no \{port\}"):
        DrillServer(command=("mongod", "{directory}"))

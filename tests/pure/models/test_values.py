"""Links, references, oplog moments, projects, clusters: values on their own."""

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mongorestore_async.errors import ConfigError
from mongorestore_async.models import (
    ClusterSummary,
    DeliveryStatus,
    JobRef,
    Link,
    OplogTimestamp,
    ProjectSummary,
    RawDocument,
    RestoreJob,
    Secret,
    find_link,
    wire,
    wire_names,
)
from mongorestore_async.models.states import known, words

PIECES = st.text(st.characters(codec=None), min_size=1, max_size=8)


class TestLink:
    @pytest.mark.parametrize(
        ("rel", "name"),
        [
            ("self", "self"),
            ("next", "next"),
            ("http://mms.mongodb.com/snapshot", "snapshot"),
            ("https://cloud.mongodb.com/snapshot", "snapshot"),
            ("https://cloud.mongodb.com/snapshot/", "snapshot"),
            ("", ""),
        ],
    )
    def test_name_is_the_last_segment_of_the_relation(self, rel, name):
        assert Link("https://host", rel).name == name

    def test_is_found_by_name(self):
        links = (Link("1", "self"), Link("2", "http://mms.mongodb.com/group"), Link("3", "https://other/group"))

        assert find_link(links, "group") is links[1]
        assert find_link(links, "next") is None
        assert find_link((), "self") is None


class TestJobRef:
    def test_is_written_as_a_path(self):
        ref = JobRef(family="ops-manager", project="P", cluster="C", job="J")

        assert str(ref) == "ops-manager/P/C/J"
        assert JobRef.parse("ops-manager/P/C/J") == ref

    def test_of_a_config_server_names_the_host(self):
        ref = JobRef(family="ops-manager", project="P", host="a/b:27017", job="J")

        assert str(ref) == "ops-manager/P/host:a%2Fb%3A27017/J"
        assert JobRef.parse(str(ref)) == ref

    def test_of_a_cluster_called_like_a_host_stays_a_cluster(self):
        ref = JobRef(family="f", project="P", cluster="host:x", job="J")

        assert str(ref) == "f/P/host%3Ax/J"
        assert JobRef.parse(str(ref)) == ref

    @given(PIECES, PIECES, PIECES, PIECES, st.booleans())
    def test_survives_any_text(self, family, project, place, job, is_host):
        where = {"host" if is_host else "cluster": place}
        ref = JobRef(family=family, project=project, job=job, **where)

        assert JobRef.parse(str(ref)) == ref
        assert str(ref).count("/") == 3
        assert str(ref).isascii()

    @pytest.mark.parametrize(
        "text",
        ["", "a/b/c", "a/b/c/d/e", "/b/c/d", "a//c/d", "a/b//d", "a/b/c/", "a/b/host:/d", "a/b/%FF/d", "%C3/b/c/d"],
    )
    def test_refuses_other_text(self, text):
        with pytest.raises(ConfigError, match="not a job reference: expected family/project/cluster/job"):
            JobRef.parse(text)

    @given(st.text(st.sampled_from("ab%/:Fhost"), max_size=20))
    def test_reads_text_or_refuses_it(self, text):
        try:
            ref = JobRef.parse(text)
        except ConfigError:
            return

        assert JobRef.parse(str(ref)) == ref

    @pytest.mark.parametrize("where", [{}, {"cluster": "C", "host": "H"}])
    def test_needs_exactly_one_place(self, where):
        with pytest.raises(ConfigError, match="either a cluster or a host"):
            JobRef(family="f", project="P", job="J", **where)

    def test_survives_pickle(self, pickled):
        ref = JobRef(family="f", project="P", cluster="C", job="J")

        assert pickled(ref)[1] == ref
        assert len({ref, attrs.evolve(ref)}) == 1


class TestOpenEnumerations:
    @pytest.mark.parametrize("text", ["READY", "ready", "Ready"])
    def test_known_words_are_met_in_any_case(self, text):
        assert known(DeliveryStatus, text) is DeliveryStatus.READY

    def test_unknown_words_stay_text(self):
        assert known(DeliveryStatus, "Paused") == "Paused"
        assert type(known(DeliveryStatus, "Paused")) is str

    def test_absence_stays_absence(self):
        assert known(DeliveryStatus, None) is None

    def test_words_cannot_be_added(self):
        with pytest.raises(TypeError):
            words(DeliveryStatus)["new"] = DeliveryStatus.READY

    @given(st.text())
    def test_never_loses_a_word(self, text):
        assume(text.casefold() not in words(DeliveryStatus))

        assert known(DeliveryStatus, text) is text


class TestWireNames:
    @attrs.frozen
    class Sample:
        """Fields with and without names of their own."""

        id: str
        max_downloads: int
        url_v2: str
        point_in_time_utc_millis: int = attrs.field(metadata=wire("pointInTimeUTCMillis", "pit"))

    def test_are_camel_case_unless_told(self):
        names = {field.name: wire_names(field) for field in attrs.fields(self.Sample)}

        assert names == {
            "id": ("id",),
            "max_downloads": ("maxDownloads",),
            "url_v2": ("urlV2",),
            "point_in_time_utc_millis": ("pointInTimeUTCMillis", "pit"),
        }


class TestClusterSummary:
    @pytest.mark.parametrize(
        ("type_name", "shard_name", "takes"),
        [
            ("REPLICA_SET", None, True),
            ("SHARDED_REPLICA_SET", None, True),
            ("SHARDED", None, True),
            ("REPLICASET", "", True),
            (None, None, True),
            ("REPLICA_SET", "shard_0", False),
            ("CONFIG_SERVER_REPLICA_SET", None, False),
            ("config_server", None, False),
            (None, "config", False),
        ],
    )
    def test_only_whole_clusters_take_restores(self, type_name, shard_name, takes):
        cluster = ClusterSummary(id="C", type_name=type_name, shard_name=shard_name)

        assert cluster.takes_restores is takes


class TestDocument:
    def test_raw_stands_outside_equality_and_hash(self):
        left = RestoreJob(id="J", raw=RawDocument({"id": "J", "new": 1}))
        right = RestoreJob(id="J")

        assert left == right
        assert hash(left) == hash(right)
        assert right.raw == {}

    def test_ref_stands_outside_equality_and_hash(self):
        ref = JobRef(family="f", project="P", cluster="C", job="J")

        assert RestoreJob(id="J", ref=ref) == RestoreJob(id="J")
        assert hash(RestoreJob(id="J", ref=ref)) == hash(RestoreJob(id="J"))

    def test_different_values_differ(self):
        assert RestoreJob(id="J", batch_id="B") != RestoreJob(id="J")

    def test_to_dict_redacts_unless_told(self):
        project = ProjectSummary(id="P", raw=RawDocument({"id": "P", "agentApiKey": "key"}))

        assert project.to_dict() == {"id": "P", "agentApiKey": "**redacted**"}
        assert project.to_dict(redacted=False) == {"id": "P", "agentApiKey": "key"}

    @pytest.mark.parametrize(
        "value",
        [
            Link("h", "r"),
            OplogTimestamp(increment=1),
            ProjectSummary(id="P", agent_api_key=Secret("key")),
            ClusterSummary(id="C", links=(Link("h", "r"),)),
        ],
    )
    def test_values_are_frozen_hashable_and_keep_no_dict(self, value):
        field = attrs.fields(type(value))[0].name

        assert len({value, attrs.evolve(value)}) == 1
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field, None)
        with pytest.raises(TypeError):
            vars(value)

"""Any sequence of answers of a server with two versions: one of them is the file, whole, or there is none."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.downloads import NAME, an_archive, answer, fetch, source
from mongorestore_async.errors import DownloadError
from mongorestore_async.transport.retrying import RetryPolicy

MOMENTS = ["Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 11:00:00 GMT"]
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
#: The second version may have the size of the first.
SIZES = [(3000, 3000), (3000, 3000), (3000, 9000), (9000, 3000)]


@attrs.frozen
class Server:
    """What a server says about its two versions.

    Attributes:
        seed: Makes the bytes.
        sizes: Of the contents of the two.
        etags: Whether it sends strong entity tags, and whether they change with the version.
        dates: Whether it sends the date of the last change, which changes with the version.

    """

    seed: int
    sizes: tuple[int, int]
    etags: str
    dates: bool

    @property
    def versions(self):
        return tuple(an_archive(self.seed + number, size) for number, size in enumerate(self.sizes))

    def validators(self, version):
        fields = {} if not self.dates else {"Last_Modified": MOMENTS[version], "Date": DATE}
        tags = {"right": f'"v{version}"', "stale": '"v"', "weak": f'W/"v{version}"'}
        return fields | ({"ETag": tags[self.etags]} if self.etags in tags else {})


@attrs.frozen
class Step:
    """How it answers one request: which version, what it makes of a range, how much of the body it sends."""

    version: int
    kind: str
    share: float
    chunked: bool
    bare: bool
    wrong_total: int

    def play(self, server, first, if_range):
        """Make the answer to a request for the bytes from ``first``, None for all."""
        data = server.versions[self.version]
        fields = {} if self.bare else server.validators(self.version)
        cut = None if self.share >= 1 else int(self.share * len(data))
        start = first or 0
        if self.kind == "416" or start > len(data):
            return answer(416, b"", Content_Range=f"bytes */{len(data) + self.wrong_total}", **fields)
        if self.kind == "range" and start < len(data):
            total = len(data) + self.wrong_total
            fields["Content_Range"] = f"bytes {start}-{len(data) - 1}/{total}"
            return answer(206, data[start:], cut=cut, chunked=self.chunked, **fields)
        if self.kind == "tail" and 0 < start < len(data):
            fields["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return answer(200, data[start:], cut=cut, chunked=self.chunked, **fields)
        if (
            self.kind == "bare tail"
            and 0 < start < len(data)
            and server.etags == "right"
            and fields.get("ETag") == if_range
        ):
            # Nothing but the known total and the known bytes contradict it; as another version it would be believed.
            return answer(200, data[start:], cut=cut, chunked=self.chunked, **fields)
        return answer(200, data, cut=cut, chunked=self.chunked, **fields)


servers = st.builds(
    Server,
    seed=st.integers(0, 50),
    sizes=st.sampled_from(SIZES),
    etags=st.sampled_from(["right", "right", "stale", "stale", "stale", "weak", "none"]),
    dates=st.sampled_from([True, True, True, False]),
)
begun = st.builds(
    Step,
    version=st.just(0),
    kind=st.just("whole"),
    share=st.sampled_from([0.2, 0.5, 0.9]),
    chunked=st.booleans(),
    bare=st.sampled_from([False]),
    wrong_total=st.just(0),
)
steps = st.builds(
    Step,
    version=st.sampled_from([0, 1]),
    kind=st.sampled_from(["range", "range", "range", "range", "whole", "tail", "bare tail", "416"]),
    share=st.sampled_from([0.3, 0.9, 1, 1, 1]),
    chunked=st.booleans(),
    bare=st.sampled_from([False, False, False, True]),
    wrong_total=st.sampled_from([0, 0, 0, 0, 0, 1, 500]),
)


async def play(server, script, directory):
    left = list(script)
    answering = set()
    held = 0.03  # seconds in which the bytes before a break arrive

    async def serve(reader, writer):
        answering.add(asyncio.current_task())
        try:
            await reply(reader, writer)
        finally:
            writer.close()

    async def reply(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        _, found, asked = head.partition(b"\r\nRange: bytes=")
        first = int(asked.partition(b"-")[0]) if found else None
        if_range = head.partition(b"\r\nIf-Range: ")[2].partition(b"\r\n")[0].decode() or "nothing"
        step = left.pop(0) if left else None
        writer.write(b"" if step is None else step.play(server, first, if_range))
        await writer.drain()
        if step is not None and step.share < 1:
            await asyncio.sleep(held)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/{NAME}"
    file = None
    async with listening:
        for _ in range(4):
            try:
                (file,) = await fetch([source(url)], directory, retry=RetryPolicy(base=0))
                break
            except DownloadError:
                assert not (directory / NAME).exists()
        await asyncio.gather(*answering, return_exceptions=True)
    return file


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(servers, begun, st.lists(steps, min_size=1, max_size=5))
def test_a_file_is_one_whole_version_or_there_is_none(server, first, others):
    script = [first, *others]
    # Without a changing validator a server that changes its mind cannot be found out by anyone.
    if server.etags in {"stale", "none", "weak"} and not server.dates:
        script = [attrs.evolve(step, version=0) for step in script]
    with tempfile.TemporaryDirectory() as directory:
        file = asyncio.run(play(server, script, Path(directory)))

        if file is not None:
            assert file.path.read_bytes() in server.versions

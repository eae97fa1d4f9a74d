"""Documents of lists, and walks through them."""

EMPTY = {"results": [], "totalCount": 0}


def listed(*items, **more):
    return {"results": list(items), "totalCount": len(items), **more}


def names(count):
    return [f"job-{index}" for index in range(count)]


def ids(jobs):
    return [job.id for job in jobs]


def states(batch):
    return [str(job.state) for job in batch]


async def walk(pager):
    return [job.id async for job in pager]


async def walk_into(seen, pager):
    async for job in pager:
        seen.append(job.id)


def path_of(sent):
    return sent.url.partition("?")[0].removeprefix("https://om.example.com:8443")

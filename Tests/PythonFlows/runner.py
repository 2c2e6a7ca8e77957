"""Runs a flow from Python, to its end and in the background, and prints the results."""

import asyncio
import sys

from muster import Flow, Runner


async def beside():
    async with Runner(sys.argv[1], show_output=False) as runner:
        executing = await runner.async_run(scale=4)
        identifier = executing.run.id, executing.status
        lines = [line async for _, line in executing.stream_log("stdout")]
        await executing.wait(timeout=60, stream="stderr")
        assert any("branches: 104" in line for line in lines)
        return executing.status, executing.run.data.side, (executing.run.id, "running") == identifier


async def too_long():
    async with Runner(sys.argv[1], show_output=False) as runner:
        executing = await (await runner.async_run(scale=5)).wait(timeout=0)
        return executing.status, executing.run.finished, executing.run.successful


with Runner(sys.argv[1], show_output=False, decospecs=["retry:times=0"]) as runner:
    result = runner.run(scale=3, tags=["by-hand"], max_workers=2)
    print(result.status, result.run.data.side, sorted(result.run.user_tags), "branches: 83" in result.stdout)
    failed = runner.run(scale="many") if len(sys.argv) > 2 else None
    again = runner.resume("join", origin_run_id=result.run.id)
    print(again.status, again.run.data.side, again.run.origin_run_id == result.run.id, again.returncode)
print(*asyncio.run(beside()))
print(*asyncio.run(too_long()))
print([run.data.side for run in Flow("BranchFlow") if run.successful])

"""Gets 200 objects of 1 MiB in a step, and writes the seconds of it into a file."""

import os
import time

from metaflow import S3, FlowSpec, Parameter, step


class S3ManyFlow(FlowSpec):
    root = Parameter("root")
    out = Parameter("out")
    count = Parameter("count", default=200)

    @step
    def start(self):
        with S3(s3root=self.root) as s3:
            s3.put_many([(f"{number}", os.urandom(1 << 20)) for number in range(self.count)])
        self.next(self.end)

    @step
    def end(self):
        with S3(s3root=self.root) as s3:
            began = time.monotonic()
            found = s3.get_many([f"{number}" for number in range(self.count)])
            seconds = time.monotonic() - began
            assert [each.size for each in found] == [1 << 20] * self.count
        with open(self.out, "w") as file:
            file.write(str(seconds))


if __name__ == "__main__":
    S3ManyFlow()

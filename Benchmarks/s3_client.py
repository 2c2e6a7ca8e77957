"""One client of S3 at work, in a process of its own: prints the seconds of putting and of getting.

    python s3_client.py CLIENT WORK BUCKET PREFIX FOLDER

WORK is `small`, 5,000 objects of 1 KiB from and into memory (Muster: into files), or `large`, a file of 1 GiB that is put
and got into another file. Every byte that comes is compared with what went. Each client is used as its documentation shows
for the purpose, and is set up before the clock starts.
"""

import asyncio
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

COUNT, SIZE, LARGE = 5000, 1024, 1 << 30
THREADS = 32


class Muster:
    def __init__(self, bucket, prefix, folder):
        from muster import S3
        self.s3 = S3(s3root=f"s3://{bucket}/{prefix}", tmproot=folder)
        # Starts the helper.
        self.s3.info("nothing", return_missing=True)

    def put_small(self, values):
        self.s3.put_many(values.items())

    def get_small(self, keys):
        return {each.key: each.blob for each in self.s3.get_many(keys)}

    def put_large(self, path):
        self.s3.put_files([("large", path)])

    def get_large(self, path):
        os.rename(self.s3.get("large").path, path)


class Boto3:
    def __init__(self, bucket, prefix, _, **transfer):
        import boto3
        from boto3.s3.transfer import TransferConfig
        from botocore.config import Config
        self.bucket, self.prefix = bucket, prefix
        self.client = boto3.client("s3", config=Config(max_pool_connections=THREADS))
        self.config = TransferConfig(**transfer)
        self.threads = ThreadPoolExecutor(THREADS)

    def key(self, name):
        return f"{self.prefix}/{name}"

    def put_small(self, values):
        list(self.threads.map(
            lambda pair: self.client.put_object(Bucket=self.bucket, Key=self.key(pair[0]), Body=pair[1]), values.items()))

    def get_small(self, keys):
        return dict(self.threads.map(
            lambda name: (name, self.client.get_object(Bucket=self.bucket, Key=self.key(name))["Body"].read()), keys))

    def put_large(self, path):
        self.client.upload_file(path, self.bucket, self.key("large"), Config=self.config)

    def get_large(self, path):
        self.client.download_file(self.bucket, self.key("large"), path, Config=self.config)


class Crt:
    """AWS's common runtime by itself: boto3 uses it on few machines."""

    def __init__(self, bucket, prefix, _):
        from urllib.parse import urlparse

        from awscrt.auth import AwsCredentialsProvider
        from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup
        from awscrt.s3 import S3Client, S3RequestTlsMode, create_default_s3_signing_config
        endpoint = urlparse(os.environ["AWS_ENDPOINT_URL_S3"])
        loops = EventLoopGroup()
        credentials = AwsCredentialsProvider.new_static(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
        self.region = os.environ["AWS_REGION"]
        self.signing = create_default_s3_signing_config(region=self.region, credential_provider=credentials)
        self.client = S3Client(
            bootstrap=ClientBootstrap(loops, DefaultHostResolver(loops)), region=self.region, signing_config=self.signing,
            tls_mode=S3RequestTlsMode.DISABLED)
        self.host, self.path = endpoint.netloc, f"/{bucket}/{prefix}/large"

    def send(self, method, kind, **more):
        from awscrt.http import HttpHeaders, HttpRequest
        headers = HttpHeaders([("host", self.host)])
        if "send_filepath" in more:
            headers.add("content-length", str(os.path.getsize(more["send_filepath"])))
        request = HttpRequest(method, self.path, headers)
        self.client.make_request(type=kind, request=request, **more).finished_future.result()

    def put_large(self, path):
        from awscrt.s3 import S3RequestType
        self.send("PUT", S3RequestType.PUT_OBJECT, send_filepath=path)

    def get_large(self, path):
        from awscrt.s3 import S3RequestType
        self.send("GET", S3RequestType.GET_OBJECT, recv_filepath=path)


class Obstore:
    def __init__(self, bucket, prefix, _):
        from obstore.store import S3Store
        self.store = S3Store(
            bucket, prefix=prefix, endpoint=os.environ["AWS_ENDPOINT_URL_S3"], region=os.environ["AWS_REGION"],
            client_options={"allow_http": True})

    def put_small(self, values):
        import obstore

        async def put():
            gate = asyncio.Semaphore(THREADS)

            async def one(name, value):
                async with gate:
                    await obstore.put_async(self.store, name, value)
            await asyncio.gather(*(one(*pair) for pair in values.items()))
        asyncio.run(put())

    def get_small(self, keys):
        import obstore

        async def get():
            gate = asyncio.Semaphore(THREADS)

            async def one(name):
                async with gate:
                    answer = await obstore.get_async(self.store, name)
                    return name, bytes(await answer.bytes_async())
            return dict(await asyncio.gather(*(one(name) for name in keys)))
        return asyncio.run(get())

    def put_large(self, path):
        import pathlib

        import obstore
        obstore.put(self.store, "large", pathlib.Path(path))

    def get_large(self, path):
        import obstore
        with open(path, "wb") as file:
            for piece in obstore.get(self.store, "large").stream(min_chunk_size=8 << 20):
                file.write(piece)


CLIENTS = {"muster": Muster, "boto3": Boto3, "awscrt": Crt, "obstore": Obstore}


def timed(call, *arguments):
    began = time.monotonic()
    result = call(*arguments)
    return time.monotonic() - began, result


def small(client, _):
    values = {f"{number // 100}/{number}": os.urandom(SIZE) for number in range(COUNT)}
    put, _ = timed(client.put_small, values)
    get, found = timed(client.get_small, list(values))
    assert found == values, "other bytes came than went"
    return put, get


def large(client, folder):
    """The file is in the page cache, the one that comes is new."""
    source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
    block = os.urandom(1 << 24)
    with open(source, "wb") as file:
        for number in range(LARGE // len(block)):
            file.write(number.to_bytes(8, "big") + block[8:])
    put, _ = timed(client.put_large, source)
    get, _ = timed(client.get_large, target)
    assert same(source, target), "other bytes came than went"
    for path in (source, target):
        os.unlink(path)
    return put, get


def same(left, right):
    with open(left, "rb") as left, open(right, "rb") as right:
        while True:
            pieces = left.read(1 << 24), right.read(1 << 24)
            if pieces[0] != pieces[1]:
                return False
            if not pieces[0]:
                return True


def main(kind, work, bucket, prefix, folder):
    print(*{"small": small, "large": large}[work](CLIENTS[kind](bucket, prefix, folder), folder))


if __name__ == "__main__":
    main(*sys.argv[1:])

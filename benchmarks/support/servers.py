"""A bucket and a database for benchmarks on several hosts; ended by the end of its input.

    python -m benchmarks.support.servers NET

It prints the port of the bucket's server (moto, which asks for no credentials), and the address of a database of
PostgreSQL with `HOST` in the place of its own, each in a line.
"""

import logging
import sys

from bachata_assets_tests.support.postgres_server import Server


def main() -> None:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    bucket = ThreadedMotoServer(ip_address="0.0.0.0", port=0, verbose=False)
    bucket.start()
    database = Server(net=sys.argv[1])
    try:
        database.start()
        print(bucket.get_host_and_port()[1], flush=True)
        print(database.url(database.new()).replace("127.0.0.1", "HOST"), flush=True)
        sys.stdin.read()
    finally:
        database.close()
        bucket.stop()


if __name__ == "__main__":
    main()

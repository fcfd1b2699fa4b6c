"""A server whose requests each take 2 ms of CPU time; from the last of so many on it answers 500, or it dies.

Its arguments: the port, the number of requests, and `fails` or `dies`.
"""

BURNING = """
import asyncio, os, sys, time

class Burning(asyncio.Protocol):
    left = int(sys.argv[2])

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        until = time.process_time() + 0.002
        while time.process_time() < until:
            pass
        Burning.left -= 1
        if Burning.left <= 0 and sys.argv[3] == "dies":
            print("out of luck", file=sys.stderr, flush=True)
            os._exit(7)
        status = b"200 OK" if Burning.left >= 0 else b"500 Oh"
        self.transport.write(b"HTTP/1.1 " + status + b"\\r\\nContent-Length: 5\\r\\n\\r\\nhello")

async def main():
    server = await asyncio.get_running_loop().create_server(Burning, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

asyncio.run(main())
"""

"""Measures TCP between a client and its server, whatever lies between. Standard library only; prints one JSON object.

    measure.py serve HOST PORT                              until killed
    measure.py rate HOST PORT SECONDS                       payload bit/s received, the first fifth left out
    measure.py fetch HOST PORT BYTES TIMES                  seconds to fetch so many bytes on a new connection's second request
    measure.py connect HOST PORT TIMES                      milliseconds from connect() to the answer to a first message
    measure.py ask HOST PORT CONNECTIONS REQUESTS SECONDS   milliseconds from an 80-byte message to its 80-byte answer
"""

import json
import socket
import sys
import threading
import time

MESSAGE = b"m" * 80
WARM_UP = 5
ECHO, SEND = b"E", b"S"


def connect(host, port):
    connection = socket.create_connection((host, port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def receive(connection, count):
    while count > 0:
        chunk = connection.recv(min(count, 1 << 16))
        if not chunk:
            raise ConnectionError("ended early")
        count -= len(chunk)


def ask(connection):
    start = time.perf_counter()
    connection.sendall(MESSAGE)
    receive(connection, len(MESSAGE))
    return 1000 * (time.perf_counter() - start)


def converse(connection):
    with connection:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            mode = connection.recv(1)
            if mode == ECHO:
                while message := connection.recv(1 << 16):
                    connection.sendall(message)
            elif mode == SEND:
                while wanted := connection.recv(8):
                    left = int.from_bytes(wanted, "big")
                    while left > 0:
                        left -= connection.send(bytes(min(left, 1 << 16)))
        except OSError:
            pass  # The client ends its measurement by closing.


def serve(host, port):
    listener = socket.create_server((host, port), backlog=128)
    print("serving", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=converse, args=(connection,), daemon=True).start()


def rate(host, port, seconds):
    with connect(host, port) as connection:
        connection.sendall(SEND + (1 << 40).to_bytes(8, "big"))
        connection.recv(1 << 16)
        start = time.perf_counter()
        count, since, now = 0, None, start
        while now < start + seconds:
            read = len(connection.recv(1 << 18))
            now = time.perf_counter()
            if since is None and now > start + seconds / 5:
                since = now
            elif since is not None:
                count += read
    return {"bitPerSecond": 8 * count / (now - since)}


def fetch(host, port, size, times):
    took = []
    for _ in range(times):
        with connect(host, port) as connection:
            connection.sendall(SEND + (1).to_bytes(8, "big"))
            receive(connection, 1)
            start = time.perf_counter()
            connection.sendall(size.to_bytes(8, "big"))
            receive(connection, size)
            took.append(1000 * (time.perf_counter() - start))
    return summary(took)


def first_answers(host, port, times):
    took = []
    for _ in range(times):
        start = time.perf_counter()
        with connect(host, port) as connection:
            connection.sendall(ECHO + MESSAGE)
            receive(connection, len(MESSAGE))
            took.append(1000 * (time.perf_counter() - start))
    return summary(took)


def ask_many(host, port, connections, requests, seconds):
    end = time.perf_counter() + seconds
    took, broken = [], []

    def talk():
        try:
            with connect(host, port) as connection:
                connection.sendall(ECHO)
                for _ in range(WARM_UP):
                    ask(connection)
                for _ in range(requests):
                    if time.perf_counter() > end:
                        break
                    took.append(ask(connection))
        except OSError as error:
            broken.append(str(error))

    talkers = [threading.Thread(target=talk) for _ in range(connections)]
    for talker in talkers:
        talker.start()
    for talker in talkers:
        talker.join()
    return summary(took) | {"broken": len(broken)}


def summary(values):
    values.sort()
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))]
    median = at(0.5)
    return {
        "count": len(values), "mean": sum(values) / len(values), "median": median, "p90": at(0.9), "p99": at(0.99), "max": values[-1],
        "values": [round(value, 2) for value in values],
    }


def main(command, host, port, *rest):
    commands = {"serve": serve, "rate": rate, "fetch": fetch, "connect": first_answers, "ask": ask_many}
    result = commands[command](host, int(port), *(float(text) if "." in text else int(text) for text in rest))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])

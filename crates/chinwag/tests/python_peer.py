"""A peer as a student would write it, from the description of the protocol alone.

One TCP connection a message: connect, write `IP:PORT TEAM MESSAGE` as UTF-8, close. IP:PORT is
where the sender listens. A receiver calls recv(1024) once and takes what it gets for the message,
splits it at the first two spaces, and lists the sender. `exit` (in any case) takes the sender off
the list; `connect` puts it on without being a message.

Python's standard library only. The test talks to it in lines:

    LISTENING port                  printed once
    GOT {"n", "bytes", "from", "team", "text"}      printed for each connection, n by order of accept
    SEND host port json-text        sends one message, in one sendall on one connection; prints SENT
    PEERS                           prints PEERS [addresses]
    QUIT                            ends, as the end of input does
"""

import json
import socket
import sys
import threading

HOST = "127.0.0.1"
RECV = 1024

peers = set()
lock = threading.Lock()


def say(word, value):
    with lock:
        print(word, json.dumps(value), flush=True)


def hear(n, connection):
    with connection:
        data = connection.recv(RECV)
    sender, team, text = data.decode("utf-8").split(" ", 2)
    word = text.strip().lower()
    with lock:
        if word == "exit":
            peers.discard(sender)
        else:
            peers.add(sender)
    say("GOT", {"n": n, "bytes": len(data), "from": sender, "team": team, "text": text})


def listen(server):
    n = 0
    while True:
        connection, _ = server.accept()
        threading.Thread(target=hear, args=(n, connection), daemon=True).start()
        n += 1


def send(me, team, host, port, text):
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(f"{me} {team} {text}".encode("utf-8"))
    say("SENT", len(text))


def main():
    port, team = int(sys.argv[1]), sys.argv[2]
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HOST, port))
    server.listen(64)
    say("LISTENING", port)
    threading.Thread(target=listen, args=(server,), daemon=True).start()
    for line in sys.stdin:
        command, _, rest = line.strip().partition(" ")
        if command == "SEND":
            host, to, text = rest.split(" ", 2)
            send(f"{HOST}:{port}", team, host, to, json.loads(text))
        elif command == "PEERS":
            with lock:
                known = sorted(peers)
            say("PEERS", known)
        elif command == "QUIT":
            return


main()

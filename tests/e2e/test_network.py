#!/usr/bin/python3
"""Where connections come from and where they lead: local addresses in turn, another address than the URL's, sockets of Unix."""
import rig
from raw_server import RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Witness:
    """A server that answers everything and notes who came and what was asked."""

    def __init__(self):
        self.peers, self.heads = [], []
        self.server = RawServer(self._answer)
        self.port, self.url = self.server.port, self.server.url

    def _answer(self, connection):
        self.peers.append(connection.socket.getpeername()[0])
        while (head := connection.request()) is not None:
            self.heads.append(head)
            connection.send(OK)

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.server.__exit__()


class Sources(rig.Case):
    def test_connections_come_from_the_local_addresses_in_turn(self):
        with Witness() as witness:
            run = rig.squall(witness.url, "-c", 8, "-n", 64, "--source", "127.0.0.2-127.0.0.4,127.0.0.9")
        self.assert_clean(run)
        self.assertEqual(sorted(witness.peers), sorted(["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9"] * 2))

    def test_a_local_address_that_is_not_this_hosts_is_refused(self):
        run = rig.squall("http://127.0.0.1:9/", "-n", 1, "--source", "127.0.0.2,203.0.113.7")
        self.assert_exit(run, 3)
        self.assertEqual(run.err, "squall: cannot connect from 203.0.113.7: Cannot assign requested address: name addresses "
                                  "that this host has, 'ip address' lists them\n")

    def test_local_addresses_of_the_other_family_only_are_refused(self):
        run = rig.squall("http://127.0.0.1:9/", "-n", 1, "--source", "::1")
        self.assert_exit(run, 3)
        self.assertEqual(run.err, "squall: none of the local addresses is an IPv4 address, as the server's is: name local "
                                  "addresses of the server's family\n")


if __name__ == "__main__":
    rig.main()

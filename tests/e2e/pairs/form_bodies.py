"""Forms: what has to be escaped, lists, pairs, unicode, an empty value."""
from locust import HttpUser, task
from locust.exception import StopUser


class Writer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def send(self):
        self.client.post("/echo", data={"name": "Ada Lovelace", "note": "1 + 1 = 2 & more; 100%", "path": "/a?b#c"})
        self.client.post("/echo", data={"langs": ["c", "ada", "c++"], "empty": "", "n": 12, "f": 1.5})
        self.client.post("/echo", {"größe": "klein ~-._*", "emoji": "\U0001f600"})
        self.client.put("/echo", data={"quote": "it's \"so\"", "comma": "a,b:c@d!(e)$"})
        raise StopUser()

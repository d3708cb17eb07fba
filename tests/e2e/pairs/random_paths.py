"""Random numbers and texts in paths, one row for all of them."""
import random
import string

from locust import HttpUser, task
from locust.exception import StopUser


class Reader(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def read(self):
        for _ in range(20):
            self.client.get(f"/items/{random.randint(1, 20)}", name="/items/[id]")
            self.client.get("/page/%s" % "".join(random.choices(string.ascii_lowercase, k=8)),
                            name="/page/[word]")
            self.client.get("/page/{}".format(random.choice(["tea", "coffee"])), name="/page/[drink]")
        raise StopUser()

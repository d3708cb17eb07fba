"""try/except around what an answer may lack."""
from locust import HttpUser, task
from locust.exception import StopUser


class Careful(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def ask(self):
        for path in ("/items/7", "/page", "/status/500"):
            response = self.client.get(path)
            try:
                name = response.json()["name"]
            except (ValueError, KeyError):
                name = "nobody"
            self.client.post("/echo", json={"name": name})
        try:
            owner = self.client.get("/items/7").json()["seller"]["id"]
        except KeyError:
            owner = None
        if owner is not None:
            self.client.get(f"/page/{owner}")
        raise StopUser()

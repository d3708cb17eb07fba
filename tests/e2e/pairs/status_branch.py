"""What comes next depends on the status of the last answer."""
from locust import HttpUser, task
from locust.exception import StopUser


class Editor(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def edit(self):
        for status in (200, 204, 404, 500):
            with self.client.get(f"/status/{status}", name="/status/[n]", catch_response=True) as response:
                if response.status_code == 404:
                    response.success()
            if response.status_code == 200:
                self.client.put("/items/7", json={"name": "found"})
            elif response.status_code == 404:
                self.client.post("/items", json={"missing": status})
            elif not response.ok:
                self.client.post("/echo", json={"error": response.status_code})
            else:
                self.client.get("/page")
        raise StopUser()

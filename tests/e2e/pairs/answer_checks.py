"""catch_response: each answer is judged by status, text, JSON value or size; some of them do not pass."""
from locust import HttpUser, task
from locust.exception import StopUser


class Judge(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def judge(self):
        with self.client.get("/page", catch_response=True, name="has the word") as response:
            if "Welcome" not in response.text:
                response.failure("no welcome")
        with self.client.get("/page", catch_response=True, name="lacks the word") as response:
            if "Goodbye" not in response.text:
                response.failure("no goodbye")
        with self.client.get("/items/7", catch_response=True, name="right value") as response:
            if response.json()["id"] != 7:
                response.failure("wrong id")
        with self.client.get("/items/8", catch_response=True, name="wrong value") as response:
            if response.json()["id"] != 7:
                response.failure("wrong id")
        with self.client.get("/status/202", catch_response=True, name="status as wanted") as response:
            if response.status_code != 202:
                response.failure(f"Got status code {response.status_code}")
        with self.client.get("/status/200", catch_response=True, name="status not wanted") as response:
            if response.status_code != 202:
                response.failure(f"Got status code {response.status_code}")
        with self.client.get("/items", catch_response=True, name="enough items") as response:
            if len(response.json()["items"]) < 3:
                response.failure("too few")
        with self.client.get("/page", catch_response=True, name="long enough") as response:
            if len(response.content) < 10:
                response.failure("too short")
        with self.client.get("/items/7", catch_response=True, name="right type") as response:
            if not response.headers["Content-Type"].startswith("application/json"):
                response.failure("no json")
        with self.client.get("/slow?ms=1", catch_response=True, name="fast enough") as response:
            if response.elapsed.total_seconds() > 5:
                response.failure("too slow")
        with self.client.get("/slow?ms=60", catch_response=True, name="too slow") as response:
            if response.elapsed.total_seconds() > 0.05:
                response.failure("too slow")
        raise StopUser()

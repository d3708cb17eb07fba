"""Query strings: escaped, with lists, beside what the path already has."""
from locust import HttpUser, task
from locust.exception import StopUser


class Searcher(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def search(self):
        self.client.get("/search", params={"q": "tea & milk", "page": 2}, name="/search")
        self.client.get("/search", params={"tag": ["red", "green"], "q": "größer 50%"}, name="/search")
        self.client.get("/search?sort=asc", params={"q": "a/b?c=d+e"}, name="/search sorted")
        self.client.get("/search?q=already+escaped%21&x=1")
        self.client.get("/search", params={"empty": "", "q": "it's ~fine~ (really)*"}, name="/search")
        raise StopUser()

"""Values of variables within JSON keep their kind; within a longer text they are text."""
from locust import HttpUser, task
from locust.exception import StopUser


class Buyer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def buy(self):
        item = self.client.get("/items/12").json()
        quantity = 2
        self.client.post("/echo", json={
            "item": item["id"], "price": item["price"], "name": item["name"],
            "sold": item["sold"], "owner": item["owner"], "quantity": quantity, "total": quantity * item["id"],
            "text": f"{quantity} x {item['name']} ({item['id']})",
        })
        raise StopUser()

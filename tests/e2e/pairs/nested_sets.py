"""Sequential sets one within another, with their own beginnings and ends."""
from locust import HttpUser, SequentialTaskSet, constant, task
from locust.exception import StopUser


class Shop(SequentialTaskSet):
    @task
    def home(self):
        self.client.get("/page/home")

    @task
    class Checkout(SequentialTaskSet):
        def on_start(self):
            self.client.get("/page/cart")

        def on_stop(self):
            self.client.get("/page/paid")

        @task(2)
        def address(self):
            self.client.post("/echo", json={"step": "address"})

        @task
        class Payment(SequentialTaskSet):
            @task
            def card(self):
                self.client.post("/echo", json={"step": "card"})
                self.interrupt()

        @task
        def confirm(self):
            self.client.post("/echo", json={"step": "confirm"})
            self.interrupt()

    @task
    def bye(self):
        self.client.get("/page/bye")
        raise StopUser()


class Buyer(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.01)
    tasks = [Shop]

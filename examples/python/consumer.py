"""Notes what happens to orders, from a queue of its own on RabbitMQ.

    python3 consumer.py amqp://user:password@mq:5672/ handled.db
"""
import json
import sqlite3
import sys

import pika

notes = sqlite3.connect(sys.argv[2])
notes.execute("CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, type TEXT, subject TEXT)")
channel = pika.BlockingConnection(pika.URLParameters(sys.argv[1])).channel()
channel.queue_declare("example-python", durable=True)  # durable: it fills while we are away
channel.queue_bind("example-python", "ordermill.events", "order.*")
channel.basic_qos(prefetch_count=20)  # so many at a time
print("waiting for order.*", flush=True)
for method, _, body in channel.consume("example-python"):
    event = json.loads(body)
    with notes:  # one transaction: what is ours to do about the event, and that it is done
        row = (event["id"], event["type"], event["subject"])
        new = notes.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?)", row).rowcount
    if new:  # else it was a copy
        print(event["type"], event["subject"], flush=True)
    channel.basic_ack(method.delivery_tag)  # last: what was not acknowledged comes again

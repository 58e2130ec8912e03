"""Places an order by publishing one letter to RabbitMQ.

    python3 place_order.py amqp://user:password@mq:5672/ 123 'Teddy Bear'
"""
import json
import sys

import pika

url, order_id, name = sys.argv[1:]
letter = {"event_type": "order.created", "payload": {"order_id": order_id, "items": [{"name": name, "quantity": 1}]}}
channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
channel.confirm_delivery()  # from here on publishing raises an error unless RabbitMQ has it safely
properties = pika.BasicProperties(content_type="application/json", delivery_mode=2)
channel.basic_publish("", "ordermill.inbox", json.dumps(letter), properties, mandatory=True)

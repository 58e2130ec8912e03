// Command go prints what happens to orders, from a queue of its own on RabbitMQ.
//
//	go run ./examples/go amqp://user:password@mq:5672/ handled.txt
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

func main() {
	channel := must(must(amqp.Dial(os.Args[1])).Channel())
	queue := must(channel.QueueDeclare("example-go", true, false, false, false, nil)) // durable: it fills while we are away
	must(0, channel.QueueBind(queue.Name, "order.*", "ordermill.events", false, nil))
	must(0, channel.Qos(20, 0, false)) // so many at a time
	file := must(os.OpenFile(os.Args[2], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))
	handled := map[string]bool{}
	for id := range strings.FieldsSeq(string(must(os.ReadFile(file.Name())))) {
		handled[id] = true
	}
	fmt.Println("waiting for order.*")
	for message := range must(channel.Consume(queue.Name, "", false, false, false, false, nil)) {
		var event struct{ ID, Type, Subject string }
		must(0, json.Unmarshal(message.Body, &event))
		if !handled[event.ID] { // else it is a copy
			fmt.Println(event.Type, event.Subject) // do here what is yours to do; a crash before the next line does it again
			must(fmt.Fprintln(file, event.ID))
			handled[event.ID] = true
		}
		must(0, message.Ack(false)) // last: what was not acknowledged comes again
	}
	log.Fatal("RabbitMQ hung up; start again, nothing is lost")
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

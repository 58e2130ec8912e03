package e2e_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"ordermill/internal/program"
	"ordermill/internal/services"
)

var goExample = sync.OnceValues(func() (string, error) { return build("example-go", "ordermill/examples/go") })

// interpreter is Debian's, which sees Debian's packages, or else the first in PATH.
func interpreter(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath("/usr/bin/" + name)
	if err != nil {
		path, err = exec.LookPath(name)
	}
	require.NoError(t, err, "make test installs it")
	return path
}

// The consumers in examples, each with its broker's URL and a file in which it remembers.
var (
	inGo     = func(t *testing.T, args ...string) *exec.Cmd { return built(t, goExample, args...) }
	inPython = func(t *testing.T, args ...string) *exec.Cmd {
		return script(t, "python3", "python/consumer.py", args...)
	}
	inNode = func(t *testing.T, args ...string) *exec.Cmd {
		return script(t, "node", "javascript/consumer.js", args...)
	}
)

func script(t *testing.T, language, file string, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("short tests run under the race detector, which sees nothing of another process")
	}
	cmd := exec.Command(interpreter(t, language), append([]string{filepath.Join("../../examples", file)}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH=/usr/share/nodejs", "PYTHONDONTWRITEBYTECODE=1") // where Debian has its packages for node
	return cmd
}

// outsider is a running example.
type outsider struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr *logBuffer
	lines  chan string // of its standard output; closed at its end
	seen   []string
}

func outside(t *testing.T, cmd *exec.Cmd) *outsider {
	t.Helper()
	o := &outsider{t: t, cmd: cmd, stderr: &logBuffer{}, lines: make(chan string, 1000)}
	cmd.Stderr = o.stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	go func() {
		defer close(o.lines)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			o.lines <- lines.Text()
		}
	}()
	t.Cleanup(o.kill)
	return o
}

// says waits until it has said all of these, in any order.
func (o *outsider) says(lines ...string) {
	o.t.Helper()
	eventually(o.t, func() error {
		for {
			select {
			case line, running := <-o.lines:
				if !running {
					require.Fail(o.t, "it ended", "it said %q and %s", o.seen, o.stderr)
				}
				o.seen = append(o.seen, line)
			default:
				return missingFrom(o.seen, lines)
			}
		}
	})
}

func missingFrom(seen, wanted []string) error {
	for _, line := range wanted {
		if !slices.Contains(seen, line) {
			return fmt.Errorf("%q is not among %q", line, seen)
		}
	}
	return nil
}

// ends waits until it has given up by itself, and returns what it said about that.
func (o *outsider) ends() string {
	o.t.Helper()
	late := time.AfterFunc(patience, o.kill)
	for range o.lines { // until it is closed
	}
	require.True(o.t, late.Stop(), "it went on")
	require.Error(o.t, o.cmd.Wait())
	return o.stderr.String()
}

// kill ends it as kill -9 does.
func (o *outsider) kill() {
	_ = o.cmd.Process.Kill() // it may be gone
	for range o.lines {      // until it is closed
	}
	_ = o.cmd.Wait()
}

func TestExamples_whatHappensWhileAConsumerIsAway_isThereWhenItComesBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broker  func(*testing.T, *program.Config) string
		consume func(*testing.T, ...string) *exec.Cmd
		ready   []string // what it says once it misses nothing any more
	}{
		"Go, RabbitMQ":      {overAMQP, inGo, []string{"waiting for order.*"}},
		"Python, RabbitMQ":  {overAMQP, inPython, []string{"waiting for order.*"}},
		"JavaScript, Redis": {overRedis, inNode, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := program.Config{Data: t.TempDir(), Demo: true}
			broker := c.broker(t, &config)
			s, file := open(t, config), filepath.Join(t.TempDir(), "handled")
			sold := func(id string) {
				s.letter(orderLetter(id))
				s.letter(paymentLetter(id))
				s.confirmed(id)
			}

			first := outside(t, c.consume(t, broker, file))
			first.says(c.ready...)
			sold("1")
			first.says("order.placed order-1", "order.confirmed order-1")
			first.kill()
			sold("2")
			second := outside(t, c.consume(t, broker, file))
			second.says("order.placed order-2", "order.confirmed order-2")
			if config.AMQP != "" {
				again(t, config.AMQP, func() { sold("3") })
			}
			sold("4")
			second.says("order.placed order-4", "order.confirmed order-4")
			require.NotContains(t, second.seen, "order.placed order-1", "it was handled before")
			for _, line := range second.seen {
				require.Equal(t, 1, count(second.seen, line), "%s: a copy is not handled again", line)
			}
		})
	}
}

// overAMQP takes the examples' queues away when the test ends, should the broker outlive it.
func overAMQP(t *testing.T, c *program.Config) string {
	c.AMQP = services.AMQP(t)
	conn, err := amqp091.Dial(c.AMQP)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	channel, err := conn.Channel()
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, queue := range []string{"example-go", "example-python"} {
			_, err := channel.QueueDelete(queue, false, false, false)
			require.NoError(t, err)
		}
	})
	return c.AMQP
}

func overRedis(t *testing.T, c *program.Config) string { c.Redis = services.Redis(t); return c.Redis }

// again publishes a copy of the first event of an order that comes while act happens, and returns when it is in the queues.
func again(t *testing.T, url string, act func()) {
	t.Helper()
	conn, err := amqp091.Dial(url)
	require.NoError(t, err)
	defer conn.Close()
	channel, err := conn.Channel()
	require.NoError(t, err)
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	require.NoError(t, err)
	require.NoError(t, channel.QueueBind(queue.Name, "order.*", "ordermill.events", false, nil))
	events, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	require.NoError(t, err)
	act()
	event := <-events
	copied := amqp091.Publishing{Body: event.Body, MessageId: "copy"}
	require.NoError(t, channel.PublishWithContext(t.Context(), "ordermill.events", event.RoutingKey, false, false, copied))
	for event.MessageId != "copy" {
		event = <-events
	}
}

func TestExamples_anyLanguagePlacesAnOrder_withOneLetter(t *testing.T) {
	t.Parallel()
	config := program.Config{Data: t.TempDir(), Demo: true}
	url := overAMQP(t, &config)
	s := open(t, config)
	out, err := script(t, "python3", "python/place_order.py", url, "1", "Teddy Bear").CombinedOutput()
	require.NoError(t, err, "%s", out)
	eventually(t, func() error { return s.status("1", "awaiting_payment", "requested") })
}

func TestExamples_eventsGoneFromTheStream_areNotPassedOver(t *testing.T) {
	t.Parallel()
	config := program.Config{Data: t.TempDir(), Demo: true, Redis: services.Redis(t)}
	s, file := open(t, config), filepath.Join(t.TempDir(), "handled")
	s.letter(orderLetter("1"))
	first := outside(t, inNode(t, config.Redis, file))
	first.says("order.placed order-1", "order.payment_awaited order-1")
	first.kill()
	s.letter(paymentLetter("1"))
	s.confirmed("1")
	s.tracked(s.letter(orderLetter("2")).MessageID, []string{"redis"})
	require.NoError(t, redisClient(t, config.Redis).XTrimMaxLen(t.Context(), "ordermill:events", 1).Err())
	require.Contains(t, outside(t, inNode(t, config.Redis, file)).ends(), "GET /v1/events?after=")
}

package transfer

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

// File is an export that is being read, once, from its beginning to its end.
type File struct {
	header Header
	from   *bufio.Reader
	sum    hash.Hash // of the lines before the one in hand
	number int64     // of the line in hand, from 1
	buffer []byte    // the line in hand, with its end
}

// Open reads a file's first lines. It returns ErrDamaged for what is not a file of this program's format.
func Open(from io.Reader) (*File, error) {
	f := &File{from: bufio.NewReaderSize(from, 64<<10), sum: sha256.New()}
	member, value, err := f.next()
	if err == nil && member != headerMember {
		err = f.damaged("it does not begin with the line that an export begins with")
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(value, &f.header); err != nil {
		return nil, f.damaged("%v", err)
	}
	if f.header.Format != Format {
		return nil, fmt.Errorf("%w: it has format %d, this program reads format %d: use the program that wrote it (%s)",
			ErrDamaged, f.header.Format, Format, f.header.Program)
	}
	rows, ended, err := f.batch()
	if err == nil && (len(rows) > 0 || ended != nil) {
		err = f.damaged("no check follows its first line")
	}
	return f, err
}

// Header tells what the file holds.
func (f *File) Header() Header { return f.header }

// batch returns the rows up to the next check, which is right; or up to the end, which it returns too.
func (f *File) batch() (rows []row, ended *end, err error) {
	size := 0
	for {
		member, value, err := f.next()
		if err != nil {
			return nil, nil, err
		}
		switch member {
		case checkMember:
			var c check
			if err := json.Unmarshal(value, &c); err != nil || c.SHA256 != f.before() {
				return nil, nil, f.damaged("the lines before it are not as they were written")
			}
			return rows, nil, nil
		case endMember:
			var e end
			if err := json.Unmarshal(value, &e); err != nil || e.SHA256 != f.before() {
				return nil, nil, f.damaged("the lines before it are not as they were written")
			}
			return rows, &e, f.nothingMore()
		}
		index := indexOf(member)
		if index < 0 {
			return nil, nil, f.damaged("it is of a kind that this program does not know: %.40q", member)
		}
		if len(rows) >= batchLines || size >= batchBytes {
			return nil, nil, f.damaged("a check is missing before it")
		}
		r, err := parseRow(index, value)
		if err != nil {
			return nil, nil, f.damaged("%v", err)
		}
		rows, size = append(rows, r), size+len(value)
	}
}

// next reads a line: the name of its one member, and the value, which is good until the next call.
func (f *File) next() (member string, value []byte, err error) {
	f.number++
	line, err := f.line()
	if err != nil {
		return "", nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		return "", nil, f.damaged("%v", err)
	}
	if len(object) != 1 {
		return "", nil, f.damaged("it has %d members where it must have one", len(object))
	}
	for member, value = range object {
	}
	return member, value, nil
}

// before is the sum of everything before the line in hand.
func (f *File) before() digest { return digestOf(f.sum.Sum(nil)) }

// line reads up to the next end of a line; the line that was in hand is now before it.
func (f *File) line() ([]byte, error) {
	f.sum.Write(f.buffer)
	f.buffer = f.buffer[:0]
	for {
		part, err := f.from.ReadSlice('\n')
		f.buffer = append(f.buffer, part...)
		switch {
		case err == nil:
			return f.buffer[:len(f.buffer)-1], nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: it ends too early, at line %d: the export was interrupted, or the file was cut off. "+
				"Export again, and import that file into the same target: it goes on from where it is", ErrDamaged, f.number)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("read line %d: %w", f.number, err)
		case len(f.buffer) > longestLine:
			return nil, f.damaged("it is longer than any line of an export")
		}
	}
}

// nothingMore demands that the file is over.
func (f *File) nothingMore() error {
	f.number++
	switch _, err := f.from.ReadByte(); {
	case err == nil:
		return f.damaged("it comes after the file's end")
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read line %d: %w", f.number, err)
	}
	return nil
}

// damaged is why the line in hand cannot be used.
func (f *File) damaged(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s. Nothing was written of what the last checks did not cover: export again, and import that file "+
		"into the same target", ErrDamaged, f.number, fmt.Sprintf(format, args...))
}

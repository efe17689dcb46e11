package sqs

import (
	"errors"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file defines the operations on several messages.

// failed is an entry of a batch that failed.
type failed struct {
	Id          string
	Code        string
	Message     string
	SenderFault bool
}

func failedEntry(id string, err error) failed {
	var e *api.Error
	if !errors.As(err, &e) {
		return failed{id, "InternalError", err.Error(), false}
	}
	return failed{id, e.Query, e.Message, true}
}

var entryID = lazyre.New(`^[A-Za-z0-9_-]{1,80}$`)

// checkIDs checks a batch: its length, and that ids are distinct.
func checkIDs[E any](entries []E, id func(E) string) error {
	if len(entries) == 0 {
		return fail("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(entries) > maxBatch {
		return fail("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(entries))
	}
	seen := map[string]bool{}
	for _, e := range entries {
		i := id(e)
		if !entryID().MatchString(i) {
			return fail("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[i] {
			return fail("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id %s repeated.", i)
		}
		seen[i] = true
	}
	return nil
}

type sendEntry struct {
	Id string
	entry
}

type sendBatchInput struct {
	QueueUrl string
	Entries  []sendEntry
}

type sentEntry struct {
	Id string
	sent
}

type sendBatchOutput struct {
	Successful []sentEntry
	Failed     []failed
}

func (s *Service) sendMessageBatch(c *api.Call, in *sendBatchInput) (out sendBatchOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	if err := checkIDs(in.Entries, func(e sendEntry) string { return e.Id }); err != nil {
		return out, err
	}
	size := 0
	for _, e := range in.Entries {
		size += e.size()
	}
	if size > 1<<20 {
		return out, fail("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", 1<<20, size)
	}
	for i := range in.Entries {
		e := &in.Entries[i]
		if err := e.check(q); err != nil {
			out.Failed = append(out.Failed, failedEntry(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, sentEntry{e.Id, s.send(c, q, &e.entry).sentOutput()})
	}
	return out, nil
}

type deleteEntry struct{ Id, ReceiptHandle string }

type deleteBatchInput struct {
	QueueUrl string
	Entries  []deleteEntry
}

type doneEntry struct{ Id string }

type batchOutput struct {
	Successful []doneEntry
	Failed     []failed
}

func (out *batchOutput) add(id string, err error) {
	if err != nil {
		out.Failed = append(out.Failed, failedEntry(id, err))
		return
	}
	out.Successful = append(out.Successful, doneEntry{id})
}

func (s *Service) deleteMessageBatch(_ *api.Call, in *deleteBatchInput) (out batchOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	if err := checkIDs(in.Entries, func(e deleteEntry) string { return e.Id }); err != nil {
		return out, err
	}
	for _, e := range in.Entries {
		out.add(e.Id, q.delete(e.ReceiptHandle))
	}
	return out, nil
}

type visibilityEntry struct {
	Id, ReceiptHandle string
	VisibilityTimeout *int
}

type visibilityBatchInput struct {
	QueueUrl string
	Entries  []visibilityEntry
}

func (s *Service) changeVisibilityBatch(_ *api.Call, in *visibilityBatchInput) (out batchOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	if err := checkIDs(in.Entries, func(e visibilityEntry) string { return e.Id }); err != nil {
		return out, err
	}
	for _, e := range in.Entries {
		out.add(e.Id, s.changeOne(q, e.ReceiptHandle, e.VisibilityTimeout))
	}
	return out, nil
}

// Package pages keeps the snapshots of a run in a store.Store, so that a step that changed little writes little.
//
// A snapshot is a stream of bytes. A short one stays in the record. A longer one is cut where its content says so (FastCDC), not at
// fixed places: what is inserted moves the rest, but the cuts move with it. Each piece is a page, compressed, in a blob of its own. The record lists
// the pages; a list that is too long for it is cut into pages itself, and so on:
//
//	record   Depth 1, [index, index]
//	                     |      |
//	         [page, page, ...] [page, ...]       index pages, cut after entries whose hash ends in seven zeros
//	             |     |           |
//	          content content    content
//
// A commit writes the pages, and the index pages, that no kept step has, and deletes those that only forgotten steps had.
//
// # Names
//
// A page is known by the hash of its content, and its blob by the hash of what is stored, as every blob is. Stored with the content is a salt,
// random for each Draft. So content that is forgotten and later comes back is stored under another name, and
// a deletion that comes late, from a writer that had won its commit and then was slow, cannot hit it.
//
// # Invariants
//
// They refine those of package store; the caller is the supervisor of a run.
//
//  1. Durable before visible. A page that a Draft refers to either was referred to by the record that the draft is to replace, or is among Draft.Blobs, which
//     go into the put of the record, or was stored by Write before it returned.
//  2. Only the winner deletes: Commit, which names what is to be deleted, is called after the put has succeeded. Whoever loses the put
//     deletes nothing. The pages he relied on may be gone by then, which is why he lost.
//  3. Discard deletes what Write has stored. Nobody else can refer to it (names), as long as no put with the draft was tried.
//  4. A crash leaves only blobs that nobody refers to. The holder of the only lease deletes what the store lists and Names does not.
//  5. What cannot be read is damaged, which is an error that names run, step and page. Open reads all index pages before anything is deleted.
package pages

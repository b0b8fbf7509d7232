// Package models knows which model files ORAC uses, where they come from and
// whether the copy on this machine is the right one.
//
// Guarantees:
//
//   - What was compared is what runs. Store hands out the bytes of a model, and
//     an open handle of the library, never a path to be opened again; a file that
//     does not match its SHA-256 is not handed out.
//     One that was downloaded is removed, and no error tells what it was.
//   - Nothing but Pull and Fetch asks the network. Fetch connects to public
//     addresses only, unless it is allowed others, and keeps to the store's quotas.
//   - A file in the store is complete: it is written to a temporary name,
//     synced and renamed. An interrupted download leaves nothing in its place.
//   - Archives and downloads are bounded in size and number before anything is
//     written; no path inside an archive is ever used as a path on disk.
//   - Licence and labels are part of the catalogue, so that no command can list
//     a model without them.
//
// The package knows no runbook and no appliance. Inference is in models/infer,
// the ONNX format in models/onnx, the trigger rules in models/wake.
package models

(** Requests and answers in JSON, one a line; nothing here reads or writes.

    Request: [{"id":1,"indicator":"ema","params":{"period":10},"data":{"close":[1.0,2.0]},"last":1}], where [id] is
    anything and comes back, [params] that have a default and [last] may be left out. [last] asks for the latest values
    only.

    Answer: [{"id":1,"ok":[null,101.2]}]; an indicator with several outputs has an object of series in [ok]. Else
    [{"id":1,"error":{"code":"bad_params","message":"…"}}] with the code [bad_json], [bad_request],
    [unknown_indicator], [bad_params], [bad_data] or [overflow]. *)

val answer : string -> string
(** Answer one request; never raises, whatever the line is. *)

val one_shot : indicator:string -> params:(string * string) list -> last:int option -> string -> (string, string) result
(** [one_shot ~indicator ~params ~last data] computes from the text of a [data] object, or of an array of closes.
    Returns what [ok] would hold, or the error's message. *)

val listing : unit -> string list
(** A JSON object for each indicator: name, summary, parameters, inputs, outputs. *)

(** Requests and answers in JSON, one a line; nothing here reads or writes. Numbers keep every digit, both ways.

    {1 A whole series}

    Request: [{"id":1,"indicator":"ema","params":{"period":10},"data":{"close":[1.0,2.0]},"last":1}], where [id] is
    anything and comes back, [params] that have a default and [last] may be left out. [last] asks for the latest values
    only.

    Answer: [{"id":1,"ok":[null,101.2]}]; an indicator with several outputs has an object of series in [ok]. Else
    [{"id":1,"error":{"code":"bad_params","message":"…"}}] with the code [bad_json], [bad_request],
    [unknown_indicator], [bad_params], [bad_data], [overflow], [unknown_session], [bad_state] or [too_many_sessions].

    {1 Bar by bar}

    [{"id":1,"session":7,"indicator":"ema","params":{"period":10}}] opens session 7, a number that the client chooses
    (one of the same number is replaced), and may have [data], which is its first bars.

    [{"id":2,"session":7,"data":{"close":[101.5]}}] feeds it one bar or more; [ok] has the values at these bars, which are
    those that a request with all bars since it was opened would have at them, to the last digit.

    With ["export":true] the answer has ["state"] too: what the session remembers behind these bars, an array of arrays
    of numbers. A request that opens a session with this [state] goes on from there.

    [{"id":3,"session":7,"end":true}] ends it. A request that is answered with an error changes no session. *)

val answer : Sessions.t -> string -> Sessions.t * string
(** [answer sessions line] answers one request; never raises, whatever the line is. *)

val one_shot : indicator:string -> params:(string * string) list -> last:int option -> string -> (string, string) result
(** [one_shot ~indicator ~params ~last data] computes from the text of a [data] object, or of an array of closes.
    Returns what [ok] would hold, or the error's message. *)

val listing : unit -> string list
(** A JSON object for each indicator: name, summary, parameters, inputs, outputs. *)

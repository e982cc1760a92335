open! Import
open Question

module Json = Yojson.Safe
module Book = Map.Make (Int)

type session = { indicator : Registry.t; stream : Stream.t }
type t = session Book.t

let most = 100_000
let none = Book.empty
let count = Book.cardinal

let number_of : Json.t -> int = function
  | `Int number when number >= 0 -> number
  | other -> fail "bad_request" "session: expected an integer from 0, found %s" (Json.to_string other)

let row : Json.t -> float array = function
  | `List values -> Array.map (number ~code:"bad_state" ~where:"state") (Array.of_list values)
  | other -> fail "bad_state" "state: expected rows of numbers, found %s" (kind other)

let recalled (indicator : Registry.t) stream (state : Json.t) =
  let rows =
    match state with
    | `List rows -> List.map row rows
    | other -> fail "bad_state" "state: expected an array of rows, found %s" (kind other)
  in
  match Stream.recall stream rows with
  | Some stream -> stream
  | None -> fail "bad_state" "state: expected what %s remembers with these parameters" indicator.name

let opened sessions request =
  let indicator = indicator_of request in
  let stream = Stream.fresh indicator (parameters_of indicator request) in
  if count sessions >= most then fail "too_many_sessions" "expected at most %d sessions" most
  else
    match field "state" request with
    | None | Some `Null -> { indicator; stream }
    | Some state -> { indicator; stream = recalled indicator stream state }

let found sessions number request =
  if field "indicator" request <> None then opened sessions request
  else
    match Book.find_opt number sessions with
    | Some session -> session
    | None -> fail "unknown_session" "%d: expected a session that was opened with an indicator" number

let state_of stream : Json.t =
  let value x = if Float.is_finite x then `Float x else fail "overflow" "a value is too large for float64" in
  `List (List.map (fun row -> `List (List.map value (Array.to_list row))) (Stream.memory stream))

let respond sessions ~session request =
  let number = number_of session in
  if flag "end" request then (Book.remove number sessions, [ ("ok", `List []) ])
  else begin
    let { indicator; stream } = found sessions number request in
    let columns =
      match object_of "data" request with
      | [] -> List.map (fun name -> (name, [||])) indicator.inputs
      | data -> columns indicator data
    in
    let stream, results = Stream.feed stream columns in
    let ok = ("ok", outputs indicator ~last:(last_of request) results) in
    let state = if flag "export" request then [ ("state", state_of stream) ] else [] in
    (Book.add number { indicator; stream } sessions, ok :: state)
  end

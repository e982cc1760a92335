(* The only file that reads or writes. Without arguments: a request a line on standard input, an answer a line on
   standard output. With an indicator's name: one shot. *)

let usage =
  "usage: ocaml-indicators                                 answer requests, one JSON object a line\n\
  \       ocaml-indicators NAME [--PARAMETER VALUE]... [--last N] < FILE\n\
  \                                                        compute once from {\"close\":[...],...} or [closes]\n\
  \       ocaml-indicators --list                          print the indicators, one JSON object a line\n\
  \       ocaml-indicators --help | --version\n"

let version = "1.1.0"

let complain text =
  prerr_string ("ocaml-indicators: " ^ text ^ "\n");
  exit 2

(* [In_channel] is younger than the oldest compiler we build with. *)
let read_all channel =
  let text = Buffer.create 65_536 and chunk = Bytes.create 65_536 in
  let rec more () =
    match input channel chunk 0 (Bytes.length chunk) with
    | 0 -> Buffer.contents text
    | count ->
        Buffer.add_subbytes text chunk 0 count;
        more ()
  in
  more ()

let rec serve sessions =
  match input_line stdin with
  | line when String.trim line = "" -> serve sessions
  | line ->
      let sessions, answer = Indicators.Protocol.answer sessions line in
      print_string answer;
      print_char '\n';
      flush stdout;
      serve sessions
  | exception End_of_file -> ()

let rec read_options found last = function
  | [] -> (List.rev found, last)
  | "--last" :: value :: rest -> (
      match int_of_string_opt value with
      | Some n when n >= 1 -> read_options found (Some n) rest
      | Some _ | None -> complain ("--last: expected an integer from 1, found " ^ value))
  | option :: value :: rest when String.length option > 2 && String.sub option 0 2 = "--" ->
      read_options ((String.sub option 2 (String.length option - 2), value) :: found) last rest
  | [ option ] -> complain (option ^ ": expected an option with a value\n" ^ usage)
  | option :: _ -> complain (option ^ ": expected an option\n" ^ usage)

let once name options =
  let params, last = read_options [] None options in
  match Indicators.Protocol.one_shot ~indicator:name ~params ~last (read_all stdin) with
  | Ok text -> print_endline text
  | Error message ->
      prerr_endline ("ocaml-indicators: " ^ message);
      exit 1

let () =
  set_binary_mode_in stdin true;
  set_binary_mode_out stdout true;
  match List.tl (Array.to_list Sys.argv) with
  | [] -> serve Indicators.Sessions.none
  | [ "--list" ] -> List.iter print_endline (Indicators.Protocol.listing ())
  | [ ("--help" | "-h") ] | [ _; ("--help" | "-h") ] -> print_string usage
  | [ "--version" ] -> print_endline version
  | name :: _ when String.length name > 0 && name.[0] = '-' ->
      complain (name ^ ": no such option\n" ^ usage)
  | name :: options -> once name options

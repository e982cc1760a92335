open! Import

type t = float array

let absent = Float.nan
let is_absent = Float.is_nan

(* A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974). *)
let sum x ~first ~length =
  let total = ref 0.0 and lost = ref 0.0 in
  for i = first to first + length - 1 do
    let value = x.(i) in
    let next = !total +. value in
    lost :=
      !lost
      +.
      if Float.abs !total >= Float.abs value then !total -. next +. value
      else value -. next +. !total;
    total := next
  done;
  !total +. !lost

let add (total, lost) value =
  let next = total +. value in
  let rest = if Float.abs total >= Float.abs value then total -. next +. value else value -. next +. total in
  (next, lost +. rest)

let mean x ~first ~length = sum x ~first ~length /. float_of_int length

let start x =
  let length = Array.length x in
  let rec look i = if i < length && is_absent x.(i) then look (i + 1) else i in
  look 0

let rolling ~period x f =
  let warm = start x + period - 1 in
  Array.init (Array.length x) (fun i -> if i < warm then absent else f ~first:(i - period + 1))

let map2 f a b = Array.map2 (fun x y -> if is_absent x || is_absent y then absent else f x y) a b

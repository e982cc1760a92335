open! Import

let seconds_per_day = 86_400.0

let balance total ~change ~volume =
  if change > 0.0 then total +. volume else if change < 0.0 then total -. volume else total

let obv ~close ~volume =
  let total = ref 0.0 in
  Array.mapi
    (fun i value ->
      let change = if i = 0 then 1.0 else value -. close.(i - 1) in
      total := balance !total ~change ~volume:volume.(i);
      !total)
    close

let day timestamp = Float.floor (timestamp /. seconds_per_day)
let traded ~high ~low ~close ~volume = (high +. low +. close) /. 3.0 *. volume
let price ~traded ~volume = if volume > 0.0 then traded /. volume else Series.absent

let vwap ~period ~timestamp ~high ~low ~close ~volume =
  let traded =
    Array.mapi (fun i close -> traded ~high:high.(i) ~low:low.(i) ~close ~volume:volume.(i)) close
  in
  let weigh ~first ~length =
    price ~traded:(Series.sum traded ~first ~length) ~volume:(Series.sum volume ~first ~length)
  in
  let opened = ref 0 in
  Array.mapi
    (fun i _ ->
      if period > 0 then
        if i < period - 1 then Series.absent else weigh ~first:(i - period + 1) ~length:period
      else begin
        if i > 0 && day timestamp.(i) <> day timestamp.(i - 1) then opened := i;
        weigh ~first:!opened ~length:(i - !opened + 1)
      end)
    close
